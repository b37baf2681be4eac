/** Runs raw handlers: one message in, bytes or a failure out, for any behaviour of the handler. */
import test from 'ava';
import fc from 'fast-check';
import type { PlainError } from '../../wire/errors.ts';
import type { RawHandler } from '../../workers/handlers.ts';
import { rawRunner } from '../../workers/run-raw.ts';
import { Failure, type Result } from '../../workers/runner.ts';

/** The request is between other bytes. */
const INPUT = Buffer.from([9, 1, 2, 3, 9]);

function start(handle: RawHandler): Result | Promise<Result> {
  return rawRunner(handle, { maxReplyBytes: 64 }).run(INPUT, 1, 4);
}

/** The bytes or the failure of a result; neither for any other result. */
async function runRaw(handle: RawHandler): Promise<{ bytes?: Uint8Array; failure?: PlainError }> {
  const result = await start(handle);
  if (result instanceof Failure) return { failure: result.error };
  return result instanceof Uint8Array ? { bytes: new Uint8Array(result) } : {};
}

const shared = new SharedArrayBuffer(2);
new Uint8Array(shared).set([7, 8]);

const RESULTS: readonly [what: string, result: unknown, bytes: Uint8Array][] = [
  ['a Uint8Array', Uint8Array.of(1, 2), Uint8Array.of(1, 2)],
  ['nothing but an empty array', new Uint8Array(), Uint8Array.of()],
  ['a Buffer from the pool', Buffer.from('ab'), Uint8Array.of(0x61, 0x62)],
  ['a view of a part', Uint8Array.of(9, 1, 2, 9).subarray(1, 3), Uint8Array.of(1, 2)],
  ['a promise', Promise.resolve(Uint8Array.of(1)), Uint8Array.of(1)],
  ['an ArrayBuffer', Uint8Array.of(1, 2).buffer, Uint8Array.of(1, 2)],
  ['a SharedArrayBuffer', shared, Uint8Array.of(7, 8)],
  ['a DataView of a part', new DataView(Uint8Array.of(9, 1, 2).buffer, 1), Uint8Array.of(1, 2)],
  ['numbers of 16 bits', new Uint16Array(Uint8Array.of(1, 2, 3, 4).buffer), Uint8Array.of(1, 2, 3, 4)],
  ['signed numbers', Int8Array.of(-1), Uint8Array.of(255)],
  ['no numbers of 64 bits', new BigInt64Array(), Uint8Array.of()],
  ['a number of 64 bits', BigUint64Array.of(1n), Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0)],
];

for (const [what, result, expected] of RESULTS) {
  test(`a handler may return ${what}`, async (t) => {
    t.deepEqual(await runRaw(() => result), { bytes: expected });
  });
}

for (const [what, result] of [
  ['string', 'text'],
  ['number', 7],
  ['null', null],
  ['undefined', undefined],
  ['object', [1, 2, 3]],
  ['function', () => INPUT],
] as const) {
  test(`a handler that returns ${what} fails with the type of its result`, async (t) => {
    const { bytes, failure } = await runRaw(() => result);
    t.is(bytes, undefined);
    t.like(failure, { name: 'LaunchpoolError', code: 'ERR_LAUNCHPOOL_RESULT_INVALID' });
    t.true(failure?.message.endsWith(`: ${what}`), failure?.message);
  });
}

for (const [what, of] of [
  ['returns', (result: unknown) => result],
  ['resolves with', (result: unknown) => Promise.resolve(result)],
] as const) {
  test(`a handler that ${what} more bytes than a reply may have fails`, async (t) => {
    t.deepEqual(await runRaw(() => of(new Uint8Array(64))), { bytes: new Uint8Array(64) });
    for (const result of [new Uint8Array(65), new ArrayBuffer(65), new Uint16Array(33)]) {
      const { bytes, failure } = await runRaw(() => of(result));
      t.is(bytes, undefined);
      t.like(failure, { code: 'ERR_LAUNCHPOOL_RESULT_INVALID' });
      t.regex(failure?.message ?? '', /maximum of 64 bytes/);
    }
  });
}

test('a handler gets its message without the adjacent bytes', async (t) => {
  t.plan(3);
  await runRaw((message) => {
    t.deepEqual(message, Uint8Array.of(1, 2, 3));
    t.is(Object.getPrototypeOf(message), Uint8Array.prototype);
    t.is(message.buffer.byteLength, 3);
    return message;
  });
});

test('a handler may keep and change its message: it is a copy of the request', async (t) => {
  const { bytes } = await runRaw((message) => message.fill(7));
  t.deepEqual([bytes, INPUT], [Uint8Array.of(7, 7, 7), Buffer.from([9, 1, 2, 3, 9])]);
});

test('the result is a promise only if the handler returns one', (t) => {
  t.true(start((message) => message) instanceof Uint8Array);
  t.true(start(() => undefined) instanceof Failure);
  t.true(start(async (message) => message) instanceof Promise);
});

for (const [what, handle] of [
  [
    'throws',
    () => {
      throw Object.assign(new RangeError('failed'), { code: 'E_TEST' });
    },
  ],
  ['rejects', () => Promise.reject(Object.assign(new RangeError('failed'), { code: 'E_TEST' }))],
] as const) {
  test(`the error of a handler that ${what} is the failure, with its stack`, async (t) => {
    const { bytes, failure } = await runRaw(handle);
    t.is(bytes, undefined);
    t.like(failure, { name: 'RangeError', message: 'failed', code: 'E_TEST' });
    t.regex(failure?.stack ?? '', /^RangeError: failed\n +at /);
  });
}

test('for any thrown value, the failure has plain fields', async (t) => {
  const failed = fc.asyncProperty(fc.anything({ withNullPrototype: true }), async (thrown) => {
    const { failure } = await runRaw(() => {
      throw thrown;
    });
    return typeof failure?.name === 'string' && typeof failure.message === 'string';
  });
  await t.notThrowsAsync(fc.assert(failed, { numRuns: 500 }));
});

for (const [what, data] of [
  ['a function', () => undefined],
  ['a symbol', Symbol('s')],
  ['a promise', Promise.resolve()],
  ['an object with a method', { retry: () => undefined }],
] as const) {
  // Otherwise sending the outcome would end the thread, and not only the request.
  test(`a failure can be sent from its thread although the error's data is ${what}`, async (t) => {
    const outcome = await runRaw(() => {
      throw Object.assign(new Error('failed'), { data });
    });
    t.is(structuredClone(outcome.failure)?.message, 'failed');
  });
}
