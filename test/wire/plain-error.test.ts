/** Errors with causes, errors and fields of their own, which cross threads and sockets within bounds. */
import { deepStrictEqual, ok } from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { fromPlain, LaunchpoolError, toPlain } from '../../wire/errors.ts';
import { encodeError } from '../../wire/json-rpc.ts';
import { decodeReplies } from '../../wire/json-rpc-call.ts';
import { ERROR_LIMITS, readPlain } from '../../wire/plain-error.ts';

const { levels, errors: maxErrors, characters, textCharacters } = ERROR_LIMITS;

/** The size of an error reply: characters take up to six bytes, and each of the errors has keys and marks of its own. */
const MAX_REPLY_BYTES = 6 * characters + maxErrors * 1_024;

type AnyError = LaunchpoolError & { errors?: unknown[]; cause?: AnyError; [field: string]: unknown };

/** The error as it arrives at the caller. */
function arrived(thrown: unknown, options?: { stack: boolean }): AnyError {
  const reply = Buffer.from(encodeError('1', toPlain(thrown, options)));
  ok(reply.length <= MAX_REPLY_BYTES, `${reply.length} bytes`);
  const [response] = decodeReplies(reply);
  ok(response !== undefined && 'error' in response);
  return response.error as AnyError;
}

const throwing = (): never => {
  throw new Error('in the getter');
};

test('the causes of an error arrive as errors', (t) => {
  const system = Object.assign(new Error('gone'), { code: 'ENOENT', errno: -2, syscall: 'open', path: '/etc/x' });
  const error = arrived(new RangeError('too far', { cause: new TypeError('in between', { cause: system }) }));
  t.like(error, { name: 'RangeError', message: 'too far', remote: true });
  t.true(error.cause instanceof LaunchpoolError);
  t.like(error.cause, { name: 'TypeError', message: 'in between', remote: true, code: 'ERR_LAUNCHPOOL_HANDLER' });
  t.like(error.cause?.cause, { message: 'gone', code: 'ENOENT', errno: -2, syscall: 'open', path: '/etc/x' });
  t.is(error.cause?.cause?.cause, undefined);
});

test('a cause of launchpool keeps its code, and whether it is retryable', (t) => {
  const cause = new LaunchpoolError('ERR_LAUNCHPOOL_CONNECTION_CLOSED', 'closed', { hint: 'h', data: { at: 7 } });
  const error = arrived(new Error('x', { cause }));
  t.like(error.cause, { code: cause.code, hint: 'h', data: { at: 7 }, retryable: true, remote: true });
});

for (const [what, cause, expected] of [
  ['text', 'why', 'why'],
  ['null', null, null],
  ['an object without a message', { at: [1, 2n] }, { at: [1, '[BigInt: 2]'] }],
  ['a function', Object.assign(() => undefined, {}), '[Function]'],
] as const) {
  test(`a cause that is ${what} arrives as a value`, (t) => {
    t.deepEqual(arrived(new Error('x', { cause })).cause as unknown, expected as unknown);
  });
}

test('the errors of an AggregateError arrive as errors', (t) => {
  const inner = [new TypeError('a', { cause: new Error('deep') }), 'text', Object.assign(new Error('b'), { at: 7 })];
  const error = arrived(new AggregateError(inner, 'all failed'));
  t.like(error, { name: 'AggregateError', message: 'all failed' });
  const [first, second, third] = error.errors ?? [];
  t.true(first instanceof LaunchpoolError);
  t.like(first, { name: 'TypeError', message: 'a', remote: true, cause: { message: 'deep' } as never });
  t.is(second, 'text');
  t.like(third, { message: 'b', at: 7 });
  t.false(Object.keys(error).includes('errors'));
});

test('own enumerable fields arrive; those with a place of their own are not repeated', (t) => {
  class Invalid extends Error {
    readonly status = 422;
    readonly issues = [{ path: ['a'], message: 'required' }];
    get computed(): string {
      return 'on the prototype';
    }
  }
  const hidden = Object.defineProperty(new Invalid('x'), 'hidden', { value: 1, enumerable: false });
  const plain = toPlain(Object.assign(hidden, { code: 'E_X', data: 1, hint: 'h', retryable: true, remote: 3 }));
  t.deepEqual(plain.fields, { status: 422, issues: [{ path: ['a'], message: 'required' }] });
  const error = arrived(hidden);
  t.like(error, { status: 422, code: 'E_X', data: 1, hint: 'h', retryable: false, remote: true });
});

test('a field named errors that is no list is an ordinary field', (t) => {
  t.deepEqual(arrived(Object.assign(new Error('x'), { errors: { email: 'bad' } })).errors as unknown, { email: 'bad' });
});

const strange = {
  big: 12n,
  huge: 10n ** 1_000n,
  symbol: Symbol('s'),
  nameless: Symbol(),
  method: function named() {},
  bytes: Buffer.alloc(50_000_000),
  date: new Date(0),
  nothing: undefined,
  notANumber: Number.NaN,
  boxed: Object('text'),
  list: [1n, undefined, () => undefined],
  get getter() {
    return throwing();
  },
  proxy: new Proxy({}, { get: throwing, ownKeys: throwing }),
  error: new RangeError('in the data'),
  ordinary: { a: [1, 'two', null, true] },
  self: undefined as unknown,
};
strange.self = strange;

const STRANGE_AS_JSON = {
  big: '[BigInt: 12]',
  huge: '[BigInt: of over 100 digits]',
  symbol: '[Symbol: s]',
  nameless: '[Symbol]',
  method: '[Function: named]',
  bytes: '[50000000 bytes]',
  date: '1970-01-01T00:00:00.000Z',
  notANumber: null,
  boxed: 'text',
  list: ['[BigInt: 1]', null, '[Function]'],
  getter: '[Unreadable]',
  proxy: '[Unreadable]',
  error: { name: 'RangeError', message: 'in the data' },
  ordinary: { a: [1, 'two', null, true] },
  self: '[Circular]',
};

test('parts of data and of fields that JSON does not have become text, and the rest stays', (t) => {
  const error = arrived(Object.assign(new Error('x'), { data: strange, strange }));
  t.deepEqual(error.data, STRANGE_AS_JSON);
  t.deepEqual(error.strange, STRANGE_AS_JSON);
});

test('stacks of causes and errors arrive on request only', (t) => {
  const thrown = new AggregateError([new Error('a')], 'x', { cause: new Error('b') });
  t.false(encodeError('1', toPlain(thrown)).includes('plain-error.test'));
  const { stack, cause, errors } = arrived(thrown, { stack: true });
  const [first] = (errors ?? []) as Error[];
  for (const text of [stack, cause?.stack, first?.stack]) t.regex(text ?? '', /plain-error\.test/);
});

test('a cycle of causes ends', (t) => {
  const [a, b] = [new Error('a'), new Error('b')];
  Object.assign(a, { cause: b, errors: [a, b] });
  Object.assign(b, { cause: a });
  const error = arrived(a);
  t.is(error.cause?.message, 'b');
  t.is(error.cause?.cause as unknown, '[Circular]');
  t.deepEqual(error.errors?.[0], '[Circular]');
});

test('causes have a greatest depth', (t) => {
  let thrown = new Error('0');
  for (let index = 1; index < 100_000; index += 1) thrown = new Error(String(index), { cause: thrown });
  let error: AnyError | undefined = arrived(thrown);
  let count = 0;
  for (; error instanceof Error; error = error.cause) count += 1;
  t.is(count, levels);
  t.is(error as unknown, `[more than ${levels} levels]`);
});

test('errors have a greatest number, over all levels', (t) => {
  const many = (message: string): Error =>
    new AggregateError(
      Array.from({ length: 10_000 }, () => new Error('x')),
      message,
    );
  const { errors = [] } = arrived(new AggregateError([many('a'), many('b')], 'all'));
  const inner = errors.flatMap((error) => [error, ...((error as AnyError).errors ?? [])]);
  t.is(inner.filter((error) => error instanceof Error).length + 1, maxErrors);
  t.deepEqual(inner.slice(-2), [`[${10_000 - (maxErrors - 2)} more]`, '[1 more]']);
});

const FIFTY_MEGABYTES = 50_000_000;
const long = 'x'.repeat(FIFTY_MEGABYTES);
const wide = Object.fromEntries(Array.from({ length: 200_000 }, (_unused, index) => [`key${index}`, index]));
let deep: unknown = 'bottom';
for (let index = 0; index < 200_000; index += 1) deep = index % 2 === 0 ? [deep] : { deep };
/** Written out, it would have 2 ** 40 members. */
let doubled: unknown = 'x';
for (let index = 0; index < 40; index += 1) doubled = [doubled, doubled];
const endless: object = new Proxy(
  {},
  {
    get: (_target, name) => (name === 'toJSON' ? undefined : endless),
    ownKeys: () => ['a', 'b'],
    getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }),
  },
);

for (const [what, thrown] of [
  ['a long message', new Error(long)],
  ['a long name, code and hint', Object.assign(new Error('m'), { name: long, code: long, hint: long })],
  ['long data', Object.assign(new Error('m'), { data: { long, list: [long, long] } })],
  ['a long field', Object.assign(new Error('m'), { long, [long]: long })],
  ['a long stack', Object.assign(new Error('m'), { stack: long })],
  ['long causes', new Error(long, { cause: new Error(long, { cause: long }) })],
  ['long errors', new AggregateError([new Error(long), new Error(long), long])],
  ['control characters', new Error('\u0000'.repeat(1_000_000), { cause: '\u0000'.repeat(1_000_000) })],
  ['very many fields', Object.assign(new Error('m'), wide, { data: wide, cause: wide })],
  ['a very long list', Object.assign(new Error('m'), { data: new Array(2 ** 31) })],
  ['very deep data', Object.assign(new Error('m'), { data: deep, deep, cause: deep })],
  ['data that doubles at each level', Object.assign(new Error('m'), { data: doubled, doubled, cause: doubled })],
  ['endless data', Object.assign(new Error('m'), { data: endless, endless, cause: endless, errors: endless })],
  [
    'large binary data',
    Object.assign(new Error('m'), { data: [new Float64Array(6_000_000), new ArrayBuffer(50_000_000)] }),
  ],
  ['a text', long],
  ['a boxed text', Object(long)],
  ['bytes', new Uint8Array(FIFTY_MEGABYTES)],
] as const) {
  test(`an error of bounded size arrives for ${what}`, (t) => {
    const error = arrived(thrown, { stack: true });
    t.true(error.message.length <= textCharacters + 100);
    t.deepEqual(JSON.parse(JSON.stringify(toPlain(thrown))), structuredClone(toPlain(thrown)));
  });
}

test('a text that is too long says its length', (t) => {
  const { message } = arrived(new Error(long));
  t.is(message, `${'x'.repeat(textCharacters)}… [${FIFTY_MEGABYTES} characters]`);
});

test('data that is too long says how much is missing', (t) => {
  const { data } = arrived(Object.assign(new Error('x'), { data: { list: Array.from({ length: 100_000 }, () => 1) } }));
  const { list } = data as { list: unknown[] };
  t.is(list.at(-1), `[${100_000 - (list.length - 1)} more]`);
  t.true(list.length > 10_000);
});

test('causes have room beside fields and data of any size', (t) => {
  const thrown = Object.assign(new Error('x', { cause: new Error('why') }), wide);
  t.is(arrived(thrown).cause?.message, 'why');
});

test('any thrown value becomes an error of JSON and bounded size', (t) => {
  const anything = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withTypedArray: true,
    withBoxedValues: true,
    withNullPrototype: true,
    withSparseArray: true,
  });
  const anyError = fc
    .tuple(fc.string(), fc.dictionary(fc.string(), anything), anything, fc.array(anything), anything)
    .map(([message, fields, cause, errors, data]) =>
      Object.assign(new AggregateError(errors, message, { cause }), fields, { data }),
    );
  const safe = fc.property(fc.oneof(anyError, anything), (thrown) => {
    const plain = toPlain(thrown);
    // The sign of zero is lost in JSON.
    deepStrictEqual(JSON.parse(JSON.stringify(plain)), JSON.parse(JSON.stringify(structuredClone(plain))));
    const error = arrived(thrown);
    ok(error instanceof LaunchpoolError);
    ok(typeof String(error) === 'string');
  });
  t.notThrows(() => fc.assert(safe, { numRuns: 500 }));
});

test('an error of another side can be of any shape, and neither replaces methods nor overflows the stack', async (t) => {
  let cause: object = { name: 'Error', message: 'deepest' };
  for (let index = 0; index < 100_000; index += 1) cause = { name: 'Error', message: 'm', cause };
  const errors = Array.from({ length: 100_000 }, () => ({ name: 'Error', message: 'm' }));
  const fields = JSON.parse(
    '{"toString":1,"then":1,"stack":7,"__proto__":{"x":1},"retryable":1,"constructor":2,"own":3}',
  );
  const error = fromPlain({ name: 'N', message: 'm', code: 'C', cause, errors, fields }) as AnyError;
  t.is(await Promise.resolve(error), error);
  t.is(String(error), 'N: m');
  t.like(error, { own: 3, retryable: false });
  t.is(typeof error.stack, 'string');
  t.is(error.x, undefined);
  t.is(error.constructor, LaunchpoolError);
  t.true((error.errors?.filter((each) => each instanceof Error).length ?? 0) < maxErrors);
  t.is(error.errors?.length, 100_000);
});

for (const value of [undefined, null, 'text', [], {}, { name: 'N' }, { message: 'm' }, { name: 1, message: 'm' }]) {
  test(`${JSON.stringify(value)} is no plain error`, (t) => {
    t.is(readPlain(value), undefined);
  });
}

test('of a plain error, fields of another type are left out', (t) => {
  const value = { name: 'N', message: 'm', code: {}, hint: 1, stack: [], fields: [1], errors: {}, other: 1 };
  t.deepEqual(readPlain(value), { name: 'N', message: 'm' });
});

test('an error of another server that has fields of its own is not taken for one of launchpool', (t) => {
  const data = { name: 'N', cause: 'c', other: 1 };
  const [response] = decodeReplies(
    Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 1, error: { code: -7, message: 'm', data } })),
  );
  t.like((response as { error: LaunchpoolError }).error, { name: 'Error', code: -7, data });
});

test('data of any length leaves room for the fields, the cause and the errors', (t) => {
  const related = (name: string): Error => Object.assign(new Error(name), { data: 'x'.repeat(1e6) });
  const thrown = new AggregateError([related('one'), related('two')], 'all', { cause: related('root') });
  const error = arrived(Object.assign(thrown, { data: 'y'.repeat(1e6), path: '/p' }));
  t.like(error, { message: 'all', path: '/p' });
  t.like(error.cause, { message: 'root' });
  t.deepEqual(
    error.errors?.map((each) => (each as Error).message),
    ['one', 'two'],
  );
  t.true(String(error.data).length > characters / 2);
});

test('a field whose value has no place of its own is among the fields', (t) => {
  const error = Object.assign(new Error('x'), { code: 5n, hint: ['a'], name: 7 });
  t.deepEqual(toPlain(error).fields, { code: '[BigInt: 5]', hint: ['a'], name: 7 });
  t.is(toPlain(Object.assign(new Error('x'), { code: 'E', hint: 'h' })).fields, undefined);
});

test('errors that cannot be counted cost the error nothing else', (t) => {
  const errors = new Proxy([], { get: throwing });
  t.like(arrived(Object.assign(new Error('m', { cause: new Error('c') }), { code: 'E', errors })), {
    message: 'm',
    code: 'E',
    cause: { message: 'c' },
  });
});
