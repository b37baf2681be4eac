/** The typed proxy of an agent: its properties are remote methods, and inspecting it is none. */
import { deepStrictEqual } from 'node:assert/strict';
import { once } from 'node:events';
import { format, inspect, isDeepStrictEqual } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { call, close, connect, connectRaw, notify, withOptions } from '../../../src/client/index.ts';
import { encodeResult } from '../../../wire/json-rpc.ts';
import { isReservedName } from '../../../wire/reserved-names.ts';
import { type FrameServer, serveFrames } from '../../helpers/frame-server.ts';

type Request = { id?: number; method: string; params?: unknown[] };

/** A module whose methods take and return anything. */
type Anything = { [Name in 'close' | 'never' | 'other' | 'tell']: (...params: unknown[]) => unknown };

/** Answers each request but `never` with its method's name and params. Records all requests. */
async function serveNames(t: ExecutionContext): Promise<FrameServer & { requests: Request[] }> {
  const requests: Request[] = [];
  const server = await serveFrames(t, (payload, peer) => {
    const request: Request = JSON.parse(payload.toString());
    requests.push(request);
    const { id, method, params = [] } = request;
    if (id !== undefined && method !== 'never') peer.send(encodeResult(String(id), { method, params }));
  });
  return { ...server, requests };
}

test('an agent is not treated as a promise, and awaiting it calls no method', async (t) => {
  const { path, requests } = await serveNames(t);
  const agent = await connect<Anything>(path);
  const same = await (async () => agent)();
  t.is(await agent, agent);
  t.is(same, agent);
  t.is(await Promise.resolve(agent), agent);
  t.false('then' in agent);
  await agent.other();
  t.deepEqual(
    requests.map(({ method }) => method),
    ['other'],
  );
  await close(agent);
});

const ordinaryNames = [
  ...['close', 'notify', 'call', 'withOptions', 'connect', 'closed', 'prototype', 'name', 'length', 'size', 'message'],
  ...['default', 'setup', 'rpc.discover', '', 'then_', 'toJson', 'tostring', 'node'],
];

for (const name of ordinaryNames) {
  test(`a property named ${JSON.stringify(name)} is a remote method`, async (t) => {
    const { path } = await serveNames(t);
    const agent = await connect(path);
    t.deepEqual(await agent[name]?.(1, 'two'), { method: name, params: [1, 'two'] });
    await close(agent);
  });
}

test('any name and any JSON value reach the agent unchanged', async (t) => {
  const { path } = await serveNames(t);
  const agent = await connect(path);
  const names = fc.string({ unit: 'grapheme' }).filter((name) => !isReservedName(name));
  const property = fc.asyncProperty(names, fc.array(fc.jsonValue()), async (method, params) => {
    const expected = JSON.parse(JSON.stringify({ method, params }));
    t.deepEqual(await agent[method]?.(...params), expected);
  });
  await fc.assert(property, { numRuns: 500 });
  await close(agent);
});

/** Names that `await`, conversions, serializers, debuggers, test tools and reactive libraries read on every object. */
const RESERVED = [
  ...['then', 'catch', 'finally', 'toJSON', 'toBSON', 'inspect', ...Object.getOwnPropertyNames(Object.prototype)],
  ...[
    'asymmetricMatch',
    'jasmineToString',
    'nodeType',
    'nodeName',
    'tagName',
    'hasAttribute',
    'headers',
    '$$typeof',
    '$$asymmetricMatch',
  ],
  ...['@@__IMMUTABLE_ITERABLE__@@', '@@__IMMUTABLE_RECORD__@@', '@@observable', '__esModule', '__v_isRef', '__v_raw'],
  ...['_isMockFunction', '_readableState', '_bsontype', '_', '$', '@'],
];

for (const name of RESERVED) {
  test(`${name} of an agent is not a remote method; call() and notify() reach a method of that name`, async (t) => {
    const { path, requests } = await serveNames(t);
    const agent = await connect(path);
    const value: unknown = Reflect.get(agent, name);
    // The functions of every object are the local ones. An agent takes no properties.
    if (typeof value === 'function' && !name.startsWith('__define')) Reflect.apply(value, agent, ['x']);
    notify(agent, name as 'toString', 1);
    t.deepEqual(await call(agent, name, 1, 'two'), { method: name, params: [1, 'two'] });
    t.deepEqual(
      requests.map(({ method, id }) => [method, id === undefined]),
      [
        [name, true],
        [name, false],
      ],
    );
    await close(agent);
  });
}

test('symbols are not methods', async (t) => {
  const { path } = await serveNames(t);
  const agent = await connect<Anything>(path);
  const symbols = Object.getOwnPropertyNames(Symbol).map((name) => Reflect.get(Symbol, name));
  const own: unknown[] = [Symbol.asyncDispose, Symbol.toStringTag];
  for (const symbol of [...symbols, Symbol.for('any'), Symbol('any')]) {
    if (typeof symbol !== 'symbol' || own.includes(symbol)) continue;
    t.is(Reflect.get(agent, symbol), undefined, String(symbol));
  }
  await close(agent);
});

test('printing, comparing and serializing an agent or a raw client sends nothing and shows its socket', async (t) => {
  const { path, requests } = await serveNames(t);
  const agent = await connect<Anything>(path);
  const raw = await connectRaw(path);
  for (const [object, text] of [
    [agent, `Agent(unix:${path})`],
    [withOptions(agent, { timeoutMs: 1 }), `Agent(unix:${path})`],
    [raw, `RawClient(unix:${path})`],
  ] as const) {
    t.is(String(object), text);
    t.is(`${object}`, text);
    t.is([object].join(), text);
    t.is(inspect(object), text);
    t.is(inspect({ object }), `{ object: ${text} }`);
    t.true(inspect(object, { showProxy: true, showHidden: true, depth: 9 }).includes(text));
    t.true(format('%s %o %O %j %d', object, object, object, object, object).includes(text));
    t.is(JSON.stringify({ object }), JSON.stringify({ object: text }));
    t.regex(Object.prototype.toString.call(object), /^\[object (Agent|RawClient)\]$/);
    t.false(isDeepStrictEqual(object, {}));
    t.throws(() => deepStrictEqual(object, { a: 1 }));
    t.throws(() => structuredClone(object));
    t.true(Object.is(object.valueOf(), object));
    t.is(await object, object);
    t.is(await Promise.race([object]), object);
  }
  t.deepEqual(Object.keys(agent), []);
  t.deepEqual(Reflect.ownKeys(agent), []);
  t.deepEqual({ ...agent }, {});
  await agent.other();
  t.is(requests.length, 1);
  await close(agent);
  raw.close();
});

test('a call has the options of its agent, and rejects after the connection is closed', async (t) => {
  const { path } = await serveNames(t);
  const agent = await connect<Anything>(path);
  const limited = withOptions(agent, { timeoutMs: 20 });
  await t.throwsAsync(call(limited, 'never'), { code: 'ERR_LAUNCHPOOL_CALL_TIMEOUT' });
  await close(agent);
  await t.throwsAsync(call(agent, 'other'), { code: 'ERR_LAUNCHPOOL_CONNECTION_CLOSED' });
});

test('a method is the same function at each access and works without its agent', async (t) => {
  const { path } = await serveNames(t);
  const agent = await connect<Anything>(path);
  const { other } = agent;
  t.is(other, agent.other);
  t.deepEqual(await other('alone'), { method: 'other', params: ['alone'] });
  await close(agent);
});

test('a property of an agent cannot be set', async (t) => {
  const { path } = await serveNames(t);
  const agent = await connect<Anything>(path);
  t.throws(() => Object.assign(agent, { other: () => 'mine' }), { instanceOf: TypeError });
  t.throws(() => Object.defineProperty(agent, 'other', { value: () => 'mine' }), { instanceOf: TypeError });
  t.throws(() => Object.setPrototypeOf(agent, { other: () => 'mine' }), { instanceOf: TypeError });
  Object.freeze(agent);
  t.deepEqual(await agent.other(), { method: 'other', params: [] });
  await close(agent);
});

test('withOptions() returns another agent on the same connection and leaves the first one unchanged', async (t) => {
  const { path, peers, requests } = await serveNames(t);
  const agent = await connect<Anything>(path);
  const unlimited = agent.never(1);
  const limited = withOptions(agent, { timeoutMs: 20 });
  await t.throwsAsync(async () => limited.never(2), { code: 'ERR_LAUNCHPOOL_CALL_TIMEOUT' });

  await agent.other();
  t.deepEqual(
    requests.map(({ method, params }) => [method, params]),
    [
      ['never', [1]],
      ['never', [2]],
      ['$/cancelRequest', { id: requests[1]?.id }],
      ['other', undefined],
    ],
  );
  peers[0]?.send(encodeResult(String(requests[0]?.id), 'late'));
  t.is(await unlimited, 'late');
  t.is(peers.length, 1);
  await close(agent);
});

test('notify() sends a request without an id', async (t) => {
  const { path, requests } = await serveNames(t);
  const agent = await connect<Anything>(path);
  notify(agent, 'tell', 1, { two: 2 });
  await agent.other();
  t.deepEqual(requests[0] as unknown, { jsonrpc: '2.0', method: 'tell', params: [1, { two: 2 }] });
  await close(agent);
});

const waysToClose: ReadonlyArray<[string, (agent: AsyncDisposable) => PromiseLike<void>]> = [
  ['close()', close],
  ['Symbol.asyncDispose', (agent) => agent[Symbol.asyncDispose]()],
  ['close() of an agent from withOptions()', (agent) => close(withOptions(agent, { timeoutMs: 1 }))],
];

for (const [name, closeAgent] of waysToClose) {
  test(`${name} closes the connection and rejects the open calls and every later call`, async (t) => {
    const { path, peers } = await serveNames(t);
    const agent = await connect<Anything>(path);
    const pending = agent.never();
    await closeAgent(agent);
    const closed = { code: 'ERR_LAUNCHPOOL_CONNECTION_CLOSED' };
    await t.throwsAsync(async () => pending, closed);
    await t.throwsAsync(async () => agent.other(), closed);
    t.throws(() => notify(agent, 'tell'), closed);
    const socket = peers[0]?.socket;
    if (socket?.readableEnded === false) await once(socket, 'end');
    t.true(socket?.readableEnded);
  });
}

test('close() and dispose may be called twice', async (t) => {
  const { path } = await serveNames(t);
  const agent = await connect<Anything>(path);
  await close(agent);
  await close(agent);
  await t.notThrowsAsync(async () => agent[Symbol.asyncDispose]());
});

test('an object that connect() did not return is refused', async (t) => {
  const stranger: AsyncDisposable = { async [Symbol.asyncDispose]() {} };
  const refused = { instanceOf: TypeError, message: /connect\(\)/ };
  await t.throwsAsync(close(stranger), refused);
  await t.throwsAsync(call(stranger, 'x'), refused);
  t.throws(() => withOptions(stranger, {}), refused);
  t.throws(() => notify(stranger as AsyncDisposable & { x: 1 }, 'x'), refused);
});
