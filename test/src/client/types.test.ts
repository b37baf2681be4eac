/** The client's types for a module. The compiler does most of the testing. */
import test from 'ava';
import { type Agent, call, close, connect, connectRaw, notify, withOptions } from '../../../src/client/index.ts';
import type { ReservedName } from '../../../wire/reserved-names.ts';

type Module = typeof import('../../fixtures/agents/misbehaving.ts');
type Misbehaving = Agent<Module>;

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
  t.true(Object.values<boolean>({ ...facts, ...results }).every((fact) => fact));
  t.false(Object.values<boolean>(absent).some((name) => name));
});
