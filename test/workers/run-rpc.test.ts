/** Runs JSON-RPC requests: a request in, its response out, for any behaviour of the method. */
import { deepStrictEqual } from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import type { Method } from '../../workers/handlers.ts';
import { methodCaller } from '../../workers/method-caller.ts';
import { rpcRunner } from '../../workers/run-rpc.ts';
import type { Result } from '../../workers/runner.ts';

type Response = {
  jsonrpc: '2.0';
  id: unknown;
  result?: unknown;
  error?: { code: number; data?: Record<string, unknown> };
};

const METHODS: Readonly<Record<string, Method>> = {
  echo: (value) => value,
  count: (...params) => params.length,
  later: async (value) => value,
  thenable: () => Object.fromEntries([['then', (resolve: (value: number) => void) => resolve(7)]]),
  fail: () => {
    throw Object.assign(new RangeError('failed'), { code: 'E_TEST', hint: 'h', data: { at: 7 } });
  },
  reject: () => Promise.reject(Object.assign(new Error('no'), { code: 42 })),
  failWithText: () => {
    throw 'just text';
  },
  failWithCause: () => {
    const cause = Object.assign(new Error('gone'), { path: '/etc/x', big: 12n });
    throw new AggregateError([cause, 'text'], 'all failed', { cause });
  },
  rejectWithEverything: () => Promise.reject(Object.assign(new Error('x'.repeat(5_000_000)), { data: globalThis })),
  bigint: () => 10n,
  aFunction: () => () => undefined,
};

/** The request is between other bytes in the input. */
function run(
  request: unknown,
  methods = METHODS,
  exposeStacks = false,
  maxReplyBytes = 10_000,
): Result | Promise<Result> {
  const bytes = Buffer.from(typeof request === 'string' ? request : JSON.stringify(request));
  const find = methodCaller({ exported: methods, methods: new Set(Object.keys(methods)) });
  return rpcRunner(find, { exposeStacks, maxReplyBytes }).run(
    Buffer.concat([Buffer.from('{'), bytes, Buffer.from('}')]),
    1,
    bytes.length + 1,
  );
}

/** The parsed reply, or undefined if there is none. */
function replyOf(result: Result): Response | Response[] | undefined {
  if (result === null) return undefined;
  deepStrictEqual(typeof result, 'string');
  return JSON.parse(result as string) as Response | Response[];
}

async function call(method: string, params?: unknown, exposeStacks = false): Promise<Response> {
  return replyOf(await run({ jsonrpc: '2.0', id: 1, method, params }, METHODS, exposeStacks)) as Response;
}

for (const [method, params, result] of [
  ['echo', [{ deep: [1, 'é', null] }], { deep: [1, 'é', null] }],
  ['echo', [], null],
  ['echo', { named: true }, { named: true }],
  ['count', [1, 2, 3], 3],
  ['count', { named: true }, 1],
  ['count', undefined, 0],
  ['later', ['x'], 'x'],
  ['thenable', [], 7],
] as const) {
  test(`${method} called with ${JSON.stringify(params) ?? 'no params'} answers ${JSON.stringify(result)}`, async (t) => {
    t.deepEqual(await call(method, params), { jsonrpc: '2.0', id: 1, result });
  });
}

test('an error that a method throws is its response, with all fields', async (t) => {
  t.deepEqual(await call('fail'), {
    jsonrpc: '2.0',
    id: 1,
    error: {
      code: -32000,
      message: 'failed',
      data: { name: 'RangeError', code: 'E_TEST', hint: 'h', data: { at: 7 } },
    },
  } as Response);
});

test('an error that a method rejects with is its response', async (t) => {
  t.like((await call('reject')).error, { code: 42, message: 'no', data: { name: 'Error' } });
});

test('a thrown value need not be an error', async (t) => {
  t.like((await call('failWithText')).error, { code: -32000, message: 'thrown: just text' });
});

test('an error response has the causes, errors and fields of the error', async (t) => {
  const gone = { name: 'Error', message: 'gone', fields: { path: '/etc/x', big: '[BigInt: 12]' } };
  t.deepEqual((await call('failWithCause')).error?.data, {
    name: 'AggregateError',
    cause: gone,
    errors: [gone, 'text'],
  });
});

test('an error response is short for an error of any size', async (t) => {
  const request = { jsonrpc: '2.0', id: 1, method: 'rejectWithEverything' };
  const reply = await run(request, METHODS, false, 1_000_000);
  t.true((reply as string).length < 500_000);
  t.like(replyOf(reply), { id: 1, error: { code: -32000 } });
});

test('a response has a stack only if stacks are exposed', async (t) => {
  t.is((await call('fail')).error?.data?.stack, undefined);
  t.regex(String((await call('fail', [], true)).error?.data?.stack), /^RangeError: failed\n +at /);
});

for (const method of ['bigint', 'aFunction']) {
  test(`a result that JSON cannot represent is an error: ${method}`, async (t) => {
    t.like((await call(method)).error, { code: -32603, data: { code: 'ERR_LAUNCHPOOL_RESULT_INVALID' } });
  });
}

for (const method of ['nope', 'toString', 'constructor', '__proto__', 'hasOwnProperty', '']) {
  test(`an unknown method is an error that lists the methods: ${JSON.stringify(method)}`, async (t) => {
    const { error } = await call(method);
    t.like(error, { code: -32601, data: { code: 'ERR_LAUNCHPOOL_METHOD_NOT_FOUND' } });
    t.regex(String(error?.data?.hint), /^Call one of its methods: echo, count, later/);
  });
}

test('the text of an id is echoed unchanged', async (t) => {
  const reply = await run('{"jsonrpc":"2.0","id":12345678901234567890,"method":"echo","params":[1]}');
  t.is(reply, '{"jsonrpc":"2.0","id":12345678901234567890,"result":1}');
});

for (const method of ['fail', 'reject', 'bigint', 'nope', 'echo']) {
  test(`a notification has no reply: ${method}`, async (t) => {
    t.is(await run({ jsonrpc: '2.0', method }), null);
  });
}

test('the requests of a batch run at the same time, and their responses have their order', async (t) => {
  const met = Promise.withResolvers<string>();
  const methods: Record<string, Method> = { wait: () => met.promise, meet: () => met.resolve('met') };
  const request = ['wait', 'meet', 'nope'].map((method, id) => ({ jsonrpc: '2.0', id, method }));
  const reply = replyOf(await run(request, methods)) as Response[];
  t.deepEqual(
    reply.map(({ id, result, error }) => [id, error === undefined ? result : error.code]),
    [
      [0, 'met'],
      [1, null],
      [2, -32601],
    ],
  );
});

test('a module that cannot be loaded responds with the reason', async (t) => {
  const refuse = (): never => {
    throw Object.assign(new Error('broken'), { code: 'ERR_LAUNCHPOOL_MODULE_NOT_LOADED' });
  };
  const request = Buffer.from('{"jsonrpc":"2.0","id":1,"method":"any"}');
  const reply = replyOf(
    await rpcRunner(refuse, { exposeStacks: false, maxReplyBytes: 10_000 }).run(request, 0, request.length),
  );
  t.like(reply, { id: 1, error: { code: -32001, message: 'broken' } });
});

test('the result is a promise only if a method returns one', (t) => {
  t.is(typeof run({ id: 1, jsonrpc: '2.0', method: 'echo' }), 'string');
  t.is(typeof run([{ id: 1, jsonrpc: '2.0', method: 'fail' }]), 'string');
  t.true(run({ id: 1, jsonrpc: '2.0', method: 'later' }) instanceof Promise);
  t.true(run([{ id: 1, jsonrpc: '2.0', method: 'later' }]) instanceof Promise);
});

test('a batch of notifications has no reply', async (t) => {
  t.is(
    await run([
      { jsonrpc: '2.0', method: 'echo' },
      { jsonrpc: '2.0', method: 'later' },
    ]),
    null,
  );
});

test('for any bytes, the reply is one response, a batch of responses, or none', async (t) => {
  const item = fc.record(
    {
      jsonrpc: fc.constantFrom('2.0', '1.0'),
      id: fc.jsonValue(),
      method: fc.constantFrom(...Object.keys(METHODS), 'nope'),
      params: fc.jsonValue(),
    },
    { requiredKeys: ['method'] },
  );
  const anyBytes = fc.oneof(
    fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('latin1')),
    fc.oneof(item, fc.array(item), fc.jsonValue()).map((value) => JSON.stringify(value)),
  );
  const valid = fc.asyncProperty(anyBytes, async (request) => {
    const reply = replyOf(await run(request));
    for (const response of [reply ?? []].flat()) {
      deepStrictEqual(response.jsonrpc, '2.0');
      deepStrictEqual('id' in response && 'result' in response !== 'error' in response, true);
    }
  });
  await t.notThrowsAsync(fc.assert(valid, { numRuns: 500 }));
});

test.serial('a batch has a reply although the module has replaced Promise.all and then', async (t) => {
  const { all } = Promise;
  const { then } = Promise.prototype;
  const never = (): Promise<never> => new Promise(() => undefined);
  // Only while no other code runs.
  Object.assign(Promise, { all: never });
  // biome-ignore lint/suspicious/noThenProperty: the damage under test.
  Object.assign(Promise.prototype, { then: never });
  const requests = [1, 2].map((id) => ({ jsonrpc: '2.0', id, method: id === 1 ? 'later' : 'echo', params: [id] }));
  const result = run(requests);
  Object.assign(Promise, { all });
  Object.assign(Promise.prototype, { then });
  t.deepEqual(
    JSON.parse((await result) as string).map(({ result: value }: Response) => value),
    [1, 2],
  );
});
