/** The client's types for a module. The compiler does most of the testing. */
import test from 'ava';
import {
  type Agent,
  type AgentStream,
  call,
  close,
  connect,
  connectRaw,
  notify,
  type TaskClient,
  type TaskId,
  type TaskOutcome,
  withOptions,
} from '../../../src/client/index.ts';
import type { ReservedName } from '../../../wire/reserved-names.ts';

type Module = typeof import('../../fixtures/agents/misbehaving.ts');
type Misbehaving = Agent<Module>;
type Streaming = typeof import('../../fixtures/agents/streaming.ts');

/** True only when both types are the same; distinguishes `any` and optional types. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Has<Type, Name extends PropertyKey> = Name extends keyof Type ? true : false;

/** Each line fails to compile when its statement is wrong. */
const facts: {
  parameters: Same<Parameters<Misbehaving['add']>, [a: number, b: number]>;
  restParameters: Same<Parameters<Misbehaving['count']>, unknown[]>;
  optionalParameter: Same<Parameters<Misbehaving['exit']>, [code?: number]>;
  plainResult: Same<ReturnType<Misbehaving['add']>, Promise<number>>;
  awaitedResult: Same<ReturnType<Misbehaving['slow']>, Promise<number>>;
  nothingIsNull: Same<ReturnType<Misbehaving['nothing']>, Promise<null>>;
  unknownStaysUnknown: Same<ReturnType<Misbehaving['sync']>, Promise<unknown>>;
  neverStaysNever: Same<ReturnType<Misbehaving['fail']>, Promise<never>>;
  dispose: Same<Misbehaving[typeof Symbol.asyncDispose], AsyncDisposable[typeof Symbol.asyncDispose]>;
} = {
  parameters: true,
  restParameters: true,
  optionalParameter: true,
  plainResult: true,
  awaitedResult: true,
  nothingIsNull: true,
  unknownStaysUnknown: true,
  neverStaysNever: true,
  dispose: true,
};

const absent: {
  setup: Has<Misbehaving, 'setup'>;
  teardown: Has<Misbehaving, 'teardown'>;
  aClass: Has<Misbehaving, 'NotAMethod'>;
  aValue: Has<Misbehaving, 'alsoNotAMethod'>;
  defaultExport: Has<Agent<{ default: () => string; named: () => string }>, 'default'>;
  promiseLike: Has<Agent<{ then: () => string; named: () => string }>, 'then'>;
  marked: Has<Agent<{ _hidden: () => string; $get: () => string; named: () => string }>, '_hidden' | '$get'>;
  serialized: Has<Agent<{ toJSON: () => string; inspect: () => string; named: () => string }>, 'toJSON' | 'inspect'>;
  reservedByJsonRpc: Has<Agent<{ 'rpc.discover': () => string; named: () => string }>, 'rpc.discover'>;
} = {
  setup: false,
  teardown: false,
  aClass: false,
  aValue: false,
  defaultExport: false,
  promiseLike: false,
  marked: false,
  serialized: false,
  reservedByJsonRpc: false,
};

const results: {
  undefinedInAUnion: Same<ReturnType<Agent<{ find: () => string | undefined }>['find']>, Promise<string | null>>;
  promiseOfNothing: Same<ReturnType<Agent<{ run: () => Promise<void> }>['run']>, Promise<null>>;
  notifiable: Same<Extract<Parameters<typeof notify<Agent<{ tell: () => void }>>>[1], string>, 'tell' | ReservedName>;
} = { undefinedInAUnion: true, promiseOfNothing: true, notifiable: true };

const streams: {
  generator: Same<ReturnType<Agent<Streaming>['count']>, AgentStream<number, string>>;
  plainGenerator: Same<ReturnType<Agent<Streaming>['letters']>, AgentStream<string, number>>;
  promised: Same<ReturnType<Agent<Streaming>['slowly']>, AgentStream<unknown>>;
  readable: Same<ReturnType<Agent<Streaming>['readable']>, AgentStream<string>>;
  value: Same<ReturnType<Agent<Streaming>['add']>, Promise<number>>;
  either: Same<
    ReturnType<Agent<{ find: () => string | AsyncIterable<number> }>['find']>,
    AgentStream<number> | Promise<string>
  >;
} = { generator: true, plainGenerator: true, promised: true, readable: true, value: true, either: true };

type Carried = {
  dates: () => { at: Date; when?: Date };
  maybe: () => { a?: string; b: string | undefined };
  point: () => { x: number; move(): void };
  tuple: () => [number, Date];
  bytes: () => Uint8Array;
  map: () => { m: Map<string, number> };
  takesMap: (map: Map<string, number>) => void;
  takesDate: (at: Date, options?: { deep: { big?: bigint; at: Date } }) => void;
  takesCallback: (callback: () => void) => void;
  nested: () => ReadonlyMap<string, { at: Date; run(): void }[]>;
  set: () => Set<bigint>;
  floats: () => { list: Float32Array };
  buffer: () => Buffer;
};
type Json = Agent<Carried, 'json'>;

const streamTasks = null as unknown as TaskClient<Streaming>;
const carriedTasks = null as unknown as TaskClient<Carried>;
const anyTasks = null as unknown as TaskClient;
type Enqueued<Call extends (...params: never[]) => Promise<{ id: unknown }>> = Awaited<ReturnType<Call>>['id'];
const countLater = () => streamTasks.enqueue('count', [3]);
const datesLater = () => carriedTasks.enqueue('dates', [], { id: 'a' });
const anyLater = () => anyTasks.enqueue('any', [1, 'a']);
const outcomeLater = async () => streamTasks.result((await countLater()).id);
const outcomeOfText = () => streamTasks.result('text');
// @ts-expect-error: there is no such method.
const noMethodLater = () => streamTasks.enqueue('none', []);
// @ts-expect-error: the argument has another type.
const wrongLater = () => streamTasks.enqueue('count', ['three']);
// @ts-expect-error: JSON has no maps.
const mapLater = () => carriedTasks.enqueue('takesMap', [new Map()]);

/** Tasks have the types of JSON, and their ids the type of the result. */
const tasks: {
  stream: Same<Enqueued<typeof countLater>, TaskId<number[]>>;
  date: Same<Enqueued<typeof datesLater>, TaskId<{ at: string; when?: string }>>;
  any: Same<Enqueued<typeof anyLater>, TaskId<unknown>>;
  outcome: Same<Awaited<ReturnType<typeof outcomeLater>>, TaskOutcome<number[]>>;
  ofText: Same<Awaited<ReturnType<typeof outcomeOfText>>, TaskOutcome<unknown>>;
} = { stream: true, date: true, any: true, outcome: true, ofText: true };

const carried: {
  dates: Same<ReturnType<Agent<Carried>['dates']>, Promise<{ at: Date; when?: Date }>>;
  maybe: Same<ReturnType<Agent<Carried>['maybe']>, Promise<{ a?: string; b: string | undefined }>>;
  functionsAreGone: Same<ReturnType<Agent<Carried>['point']>, Promise<{ x: number }>>;
  tuple: Same<ReturnType<Agent<Carried>['tuple']>, Promise<[number, Date]>>;
  bytes: Same<ReturnType<Agent<Carried>['bytes']>, Promise<Uint8Array>>;
  buffer: Same<ReturnType<Agent<Carried>['buffer']>, Promise<Uint8Array>>;
  map: Same<ReturnType<Agent<Carried>['map']>, Promise<{ m: Map<string, number> }>>;
  nested: Same<ReturnType<Agent<Carried>['nested']>, Promise<Map<string, { at: Date }[]>>>;
  set: Same<ReturnType<Agent<Carried>['set']>, Promise<Set<bigint>>>;
  floats: Same<ReturnType<Agent<Carried>['floats']>, Promise<{ list: never }>>;
} = {
  dates: true,
  maybe: true,
  functionsAreGone: true,
  tuple: true,
  bytes: true,
  buffer: true,
  map: true,
  nested: true,
  set: true,
  floats: true,
};

const inJson: {
  dates: Same<ReturnType<Json['dates']>, Promise<{ at: string; when?: string }>>;
  tuple: Same<ReturnType<Json['tuple']>, Promise<[number, string]>>;
  bytes: Same<ReturnType<Json['bytes']>, Promise<never>>;
  map: Same<ReturnType<Json['map']>, Promise<{ m: never }>>;
  option: Same<Awaited<ReturnType<typeof connectInJson>>, Json>;
} = { dates: true, tuple: true, bytes: true, map: true, option: true };

const connectInJson = (): Promise<Json> => connect<Carried>('com.example.json', { messagePack: false });

/** Never runs. What is not carried does not compile. */
async function withValues(agent: Agent<Carried>, json: Json): Promise<unknown[]> {
  await agent.takesDate(new Date(), { deep: { big: 1n, at: new Date() } });
  await agent.takesMap(new Map([['a', 1]]));
  // @ts-expect-error: the method takes a Map of numbers, and this is one of texts.
  await agent.takesMap(new Map([['a', 'b']]));
  // @ts-expect-error: a function is not sent.
  await agent.takesCallback(() => undefined);
  await json.takesDate(new Date());
  // @ts-expect-error: JSON has no Map.
  await json.takesMap(new Map());
  // @ts-expect-error: nor a BigInt, wherever it is.
  await json.takesDate(new Date(), { deep: { big: 1n, at: new Date() } });
  const untyped = await connect('com.example.untyped');
  const value: unknown = await untyped.search?.('x', 1);
  for await (const hit of untyped.search?.('x') ?? []) return [hit];
  return [value];
}

/** Never runs. What is wrong does not compile. */
async function withStreams(agent: Agent<Streaming>): Promise<unknown[]> {
  for await (const value of agent.count(3)) {
    const right: number = value;
    // @ts-expect-error: a number is no text.
    const wrong: string = value;
    return [right, wrong];
  }
  // @ts-expect-error: a stream is not awaited.
  const awaited = await agent.count(3);
  // @ts-expect-error: a value is not iterated over.
  for await (const value of agent.add(1, 2)) return [awaited, value];
  await using stream = agent.letters('ab');
  const iterator = stream[Symbol.asyncIterator]();
  const step = await iterator.next();
  const ended: number | undefined = step.done ? step.value : undefined;
  // @ts-expect-error: a parameter that is a stream of numbers takes no texts.
  return [ended, agent.sum(agent.letters('ab'), 1), agent.sum(agent.count(3), 1)];
}

/** Never runs. Each assignment fails to compile when the types are wrong. */
async function asAUserWritesIt(): Promise<unknown[]> {
  await using agent = await connect<Module>('com.example.misbehaving', { authkey: 'key', activationMs: 1 });
  const sum: number = await agent.add(1, 2);
  const nothing: null = await agent.nothing();
  const where: { threadId: number } = await agent.where();
  const limited: typeof agent = withOptions(agent, { timeoutMs: 1, signal: AbortSignal.timeout(1) });
  const slowly: number = await limited.slow(1);
  notify(agent, 'nothing');
  notify(agent, 'toString');
  const text: unknown = await call(limited, 'toString', 1);
  await close(agent);

  const untyped = await connect('com.example.unknown');
  const anything: unknown = await untyped.whatever?.(1, 'two');

  await using raw = await connectRaw('/run/user/1000/raw.sock');
  const bytes: Buffer = await raw.request('text', { timeoutMs: 1 });
  const again: Buffer = await raw.request(new Uint8Array(1));
  return [sum, nothing, where, slowly, text, anything, bytes, again, raw.closed];
}

test('the types compile, and the module is not loaded for them', (t) => {
  t.is(asAUserWritesIt.length, 0);
  t.is(withStreams.length + withValues.length + connectInJson.length, 3);
  t.is([noMethodLater, wrongLater, mapLater].length, 3);
  const all = { ...facts, ...results, ...streams, ...carried, ...inJson, ...tasks };
  t.true(Object.values<boolean>(all).every((fact) => fact));
  t.false(Object.values<boolean>(absent).some((name) => name));
});
