/** The error class, the table of codes, and the plain fields of an error. */
import { deepStrictEqual } from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import {
  ERROR_CODES,
  type ErrorCode,
  factsOf,
  fromPlain,
  LaunchpoolError,
  type PlainError,
  toPlain,
} from '../../wire/errors.ts';

const CODES = Object.keys(ERROR_CODES) as ErrorCode[];

/** The exit statuses of sysexits(3), and 1 for an error of a handler. */
const EXITS = [1, ...Array.from({ length: 15 }, (_unused, index) => 64 + index)];

for (const code of CODES) {
  test(`${code} is fully described`, (t) => {
    const { meaning, exit, rpc, retryable } = factsOf(code) ?? t.fail();
    t.regex(code, /^ERR_LAUNCHPOOL(_[A-Z]+)+$/);
    t.regex(meaning, /^\S.*\.$/);
    t.true(EXITS.includes(exit), `exit ${exit}`);
    // Reserved by JSON-RPC 2.0 §5.1: its own five codes, and -32000 to -32099 for servers. The Language Server Protocol
    // established -32800 for cancelled requests.
    if (rpc !== undefined)
      t.true([-32700, -32600, -32601, -32602, -32603, -32800].includes(rpc) || (rpc <= -32000 && rpc >= -32099));
    t.is(typeof retryable, 'boolean');
  });
}

for (const code of ['toString', '__proto__', 'ENOENT', '', 7, undefined, null, ['ERR_LAUNCHPOOL_PARSE']]) {
  test(`the table has no entry for ${JSON.stringify(code) ?? 'undefined'}`, (t) => {
    t.is(factsOf(code), undefined);
  });
}

test('an error has the facts of its code', (t) => {
  const retryable = new LaunchpoolError('ERR_LAUNCHPOOL_CALL_TIMEOUT', 'too late');
  const final = new LaunchpoolError('ERR_LAUNCHPOOL_PARSE', 'no JSON');
  t.true(retryable.retryable);
  t.false(final.retryable);
});

test('an error has the given hint, cause and data', (t) => {
  const cause = new Error('the cause');
  const error = new LaunchpoolError('ERR_LAUNCHPOOL_PARSE', 'no JSON', { hint: 'Send JSON.', cause, data: { at: 7 } });
  t.true(error instanceof Error);
  t.is(error.cause, cause);
  t.like(error, { name: 'LaunchpoolError', message: 'no JSON', hint: 'Send JSON.', data: { at: 7 }, remote: false });
});

test('an error without a cause has no such property', (t) => {
  t.false('cause' in new LaunchpoolError('ERR_LAUNCHPOOL_PARSE', 'no JSON'));
});

test('an error of another copy of the class is an instance of both', async (t) => {
  const copy: typeof import('../../wire/errors.ts') = await import(
    `${import.meta.resolve('../../wire/errors.ts')}?copy`
  );
  t.not(copy.LaunchpoolError, LaunchpoolError);
  const [own, other] = [LaunchpoolError, copy.LaunchpoolError].map((Class) => new Class('ERR_LAUNCHPOOL_PARSE', 'no'));
  for (const error of [own, other]) {
    t.true(error instanceof LaunchpoolError);
    t.true(error instanceof copy.LaunchpoolError);
  }
  t.deepEqual(Reflect.ownKeys(other ?? {}).sort(), Reflect.ownKeys(own ?? {}).sort());
});

test('only instances are instances: no plain form, no other error, and none of a class that extends this one', (t) => {
  const error = new LaunchpoolError('ERR_LAUNCHPOOL_PARSE', 'no JSON');
  class Extended extends LaunchpoolError {}
  t.false(error instanceof Extended);
  t.true(new Extended('ERR_LAUNCHPOOL_PARSE', 'no JSON') instanceof Extended);
  t.true(new Extended('ERR_LAUNCHPOOL_PARSE', 'no JSON') instanceof LaunchpoolError);
  for (const value of [toPlain(error), { ...error }, structuredClone(error), new Error('no'), null, undefined, 'x', 7])
    t.false((value as unknown) instanceof LaunchpoolError);
});

const throwing = (): never => {
  throw new Error('in the getter');
};
const revoked = Proxy.revocable({}, {});
revoked.revoke();
const UNREADABLE = { name: 'Error', message: 'the thrown value cannot be read' };
const NAMELESS = { name: 'Error', message: 'the thrown object has no message' };

const THROWN: readonly [what: string, thrown: unknown, plain: PlainError][] = [
  ['an error', new RangeError('too far'), { name: 'RangeError', message: 'too far' }],
  [
    'a node error',
    Object.assign(new Error('gone'), { code: 'ENOENT' }),
    { name: 'Error', message: 'gone', code: 'ENOENT' },
  ],
  ['an error with a number', Object.assign(new Error('x'), { code: 0 }), { name: 'Error', message: 'x', code: 0 }],
  [
    'an error with a code of another kind',
    Object.assign(new Error('x'), { code: {} }),
    { name: 'Error', message: 'x', fields: { code: {} } },
  ],
  ['an error with data', Object.assign(new Error('x'), { data: [1] }), { name: 'Error', message: 'x', data: [1] }],
  [
    'an error with data null',
    Object.assign(new Error('x'), { data: null }),
    { name: 'Error', message: 'x', data: null },
  ],
  ['an error with a hint', Object.assign(new Error('x'), { hint: 'y' }), { name: 'Error', message: 'x', hint: 'y' }],
  [
    'an error with a hint of another kind',
    Object.assign(new Error('x'), { hint: 1 }),
    { name: 'Error', message: 'x', fields: { hint: 1 } },
  ],
  ['an abort', AbortSignal.abort().reason, { name: 'AbortError', message: 'This operation was aborted', code: 20 }],
  ['an object like an error', { name: 'N', message: 'm', code: 'C' }, { name: 'N', message: 'm', code: 'C' }],
  ['an object', { some: 'thing' }, { ...NAMELESS, fields: { some: 'thing' } }],
  ['an array', ['thing'], { ...NAMELESS, fields: { 0: 'thing' } }],
  ['an object without a prototype', Object.create(null), NAMELESS],
  [
    'an error whose message is no text',
    Object.assign(new Error(), { message: 7, name: 7 }),
    { ...NAMELESS, fields: { message: 7, name: 7 } },
  ],
  ['text', 'just text', { name: 'Error', message: 'thrown: just text' }],
  ['a number', 7, { name: 'Error', message: 'thrown: 7' }],
  ['a bigint', 7n, { name: 'Error', message: 'thrown: 7' }],
  ['a symbol', Symbol('s'), { name: 'Error', message: 'thrown: Symbol(s)' }],
  ['undefined', undefined, { name: 'Error', message: 'thrown: undefined' }],
  ['null', null, { name: 'Error', message: 'thrown: null' }],
  [
    'an object whose message throws',
    {
      get message() {
        return throwing();
      },
    },
    UNREADABLE,
  ],
  ['a proxy that throws', new Proxy({}, { get: throwing }), UNREADABLE],
  ['a revoked proxy', revoked.proxy, UNREADABLE],
  ['a function whose text throws', Object.assign(() => undefined, { toString: throwing }), UNREADABLE],
];

for (const [what, thrown, plain] of THROWN) {
  test(`${what} becomes plain fields`, (t) => {
    t.deepEqual(toPlain(thrown), plain);
  });
}

for (const field of ['code', 'hint', 'data', 'stack']) {
  test(`of an error whose ${field} cannot be read, only the ${field} is left out`, (t) => {
    const thrown = Object.defineProperty(new RangeError('too far'), field, { get: throwing });
    t.deepEqual(toPlain(thrown, { stack: field === 'stack' }), { name: 'RangeError', message: 'too far' });
  });
}

test('the stack is a plain field only on request', (t) => {
  const error = new Error('x');
  t.is(toPlain(error).stack, undefined);
  t.is(toPlain(error, { stack: false }).stack, undefined);
  t.is(toPlain(error, { stack: true }).stack, error.stack);
});

test('a stack that is not text is left out', (t) => {
  t.deepEqual(toPlain({ name: 'N', message: 'm', stack: 7 }, { stack: true }), { name: 'N', message: 'm' });
});

test('any value has a plain form, and an error that is made of it has the same one again', (t) => {
  const stable = fc.property(fc.anything({ withNullPrototype: true, withBigInt: true, withDate: true }), (thrown) => {
    const plain = toPlain(thrown);
    deepStrictEqual([typeof plain.name, typeof plain.message], ['string', 'string']);
    // An error takes no fields that would replace its methods.
    const again = toPlain(fromPlain(plain));
    deepStrictEqual(again.message, plain.message);
    deepStrictEqual(toPlain(fromPlain(again)), again);
    deepStrictEqual(structuredClone(plain), plain);
  });
  t.notThrows(() => fc.assert(stable, { numRuns: 1000 }));
});

const anyPlain = fc.record(
  {
    name: fc.string(),
    message: fc.string(),
    code: fc.oneof(fc.string(), fc.integer(), fc.constantFrom(...CODES)),
    hint: fc.string(),
    data: fc.jsonValue(),
    stack: fc.string(),
  },
  { requiredKeys: ['name', 'message', 'code'], noNullPrototype: true },
);

test('an error made of plain fields has the same plain fields', (t) => {
  const roundTrip = fc.property(anyPlain, (plain) => {
    const back = toPlain(fromPlain(plain), { stack: plain.stack !== undefined });
    deepStrictEqual(back, plain);
  });
  t.notThrows(() => fc.assert(roundTrip, { numRuns: 500 }));
});

test('an error made of plain fields is marked as remote', (t) => {
  const error = fromPlain({ name: 'TypeError', message: 'x' });
  t.true(error instanceof LaunchpoolError);
  t.true(error.remote);
});

test('an error without a code has ERR_LAUNCHPOOL_HANDLER', (t) => {
  t.is(fromPlain({ name: 'TypeError', message: 'x' }).code, 'ERR_LAUNCHPOOL_HANDLER');
});

test('the code decides whether an error made of plain fields is retryable', (t) => {
  const worth = (code: string): boolean => fromPlain({ name: 'Error', message: 'x', code }).retryable;
  t.true(worth('ERR_LAUNCHPOOL_CONNECTION_CLOSED'));
  t.false(worth('ERR_LAUNCHPOOL_PARSE'));
  t.false(worth('ENOENT'));
});
