/** One message in, one frame out, whatever the handler does. */
import test from 'ava';
import fc from 'fast-check';
import { runRaw } from '../../workers/run-raw.ts';

const REQUEST = Uint8Array.of(1, 2, 3);
const framed = (...payload: number[]): Uint8Array => Uint8Array.of(0, 0, 0, payload.length, ...payload);

const shared = new SharedArrayBuffer(2);
new Uint8Array(shared).set([7, 8]);

const RESULTS: readonly [what: string, result: unknown, reply: Uint8Array][] = [
  ['a Uint8Array', Uint8Array.of(1, 2), framed(1, 2)],
  ['nothing but an empty array', new Uint8Array(), framed()],
  ['a Buffer from the pool', Buffer.from('ab'), framed(0x61, 0x62)],
  ['a view of a part', Uint8Array.of(9, 1, 2, 9).subarray(1, 3), framed(1, 2)],
  ['a promise', Promise.resolve(Uint8Array.of(1)), framed(1)],
  ['an ArrayBuffer', Uint8Array.of(1, 2).buffer, framed(1, 2)],
  ['a SharedArrayBuffer', shared, framed(7, 8)],
  ['a DataView of a part', new DataView(Uint8Array.of(9, 1, 2).buffer, 1), framed(1, 2)],
  ['numbers of 16 bits', new Uint16Array(Uint8Array.of(1, 2, 3, 4).buffer), framed(1, 2, 3, 4)],
  ['signed numbers', Int8Array.of(-1), framed(255)],
];

for (const [what, result, expected] of RESULTS) {
  test(`a handler may return ${what}`, async (t) => {
    const { kind, reply, failure } = await runRaw(() => result, REQUEST);
    t.deepEqual({ kind, failure }, { kind: 'raw', failure: undefined });
    t.deepEqual(new Uint8Array(reply ?? []), expected);
  });
}

for (const [what, result] of [
  ['string', 'text'],
  ['number', 7],
  ['null', null],
  ['undefined', undefined],
  ['object', [1, 2, 3]],
  ['function', () => REQUEST],
] as const) {
  test(`a handler that returns ${what} has failed, and that is said`, async (t) => {
    const { kind, reply, failure } = await runRaw(() => result, REQUEST);
    t.deepEqual({ kind, reply }, { kind: 'raw', reply: undefined });
    t.like(failure, { name: 'LaunchpoolError', code: 'ERR_LAUNCHPOOL_RESULT_INVALID' });
    t.true(failure?.message.endsWith(`returned ${what}`), failure?.message);
  });
}

test('a handler gets the message itself', async (t) => {
  await runRaw((message) => {
    t.is(message, REQUEST);
    return message;
  }, REQUEST);
  t.plan(1);
});

test('a handler may give back the message it got', async (t) => {
  const { reply } = await runRaw((message) => message, REQUEST);
  t.deepEqual(new Uint8Array(reply ?? []), framed(1, 2, 3));
});

test('what a handler does with its bytes later does not change the reply', async (t) => {
  const kept = Uint8Array.of(1, 2);
  const { reply } = await runRaw(() => kept, REQUEST);
  kept.fill(9);
  t.deepEqual(new Uint8Array(reply ?? []), framed(1, 2));
});

test('a reply can be transferred without taking other memory along', async (t) => {
  const { reply } = await runRaw(() => new Uint8Array(1000).subarray(0, 3), REQUEST);
  t.is(reply?.buffer.byteLength, 7);
});

for (const [what, handle] of [
  [
    'throws',
    () => {
      throw Object.assign(new RangeError('told to'), { code: 'E_TEST' });
    },
  ],
  ['rejects', () => Promise.reject(Object.assign(new RangeError('told to'), { code: 'E_TEST' }))],
] as const) {
  test(`what a handler ${what} is the failure, with its stack`, async (t) => {
    const { kind, reply, failure } = await runRaw(handle, REQUEST);
    t.deepEqual({ kind, reply }, { kind: 'raw', reply: undefined });
    t.like(failure, { name: 'RangeError', message: 'told to', code: 'E_TEST' });
    t.regex(failure?.stack ?? '', /^RangeError: told to\n +at /);
  });
}

test('whatever a handler throws, the failure is plain fields', async (t) => {
  const failed = fc.asyncProperty(fc.anything({ withNullPrototype: true }), async (thrown) => {
    const { failure } = await runRaw(() => {
      throw thrown;
    }, REQUEST);
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
  // Otherwise the thread, and not only the request, would end when it sends the outcome.
  test(`a failure can be sent from its thread though the error's data is ${what}`, async (t) => {
    const outcome = await runRaw(() => {
      throw Object.assign(new Error('told to'), { data });
    }, REQUEST);
    t.is(structuredClone(outcome).failure?.message, 'told to');
  });
}
