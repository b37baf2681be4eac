/** JSON-RPC responses: results and errors on their way to the caller, of launchpool and of other servers. */
import { deepStrictEqual } from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { factsOf, LaunchpoolError, type PlainError, toPlain } from '../../wire/errors.ts';
import { encodeError, encodeResult } from '../../wire/json-rpc.ts';
import { decodeReplies, type RpcResponse } from '../../wire/json-rpc-call.ts';

const circular: Record<string, unknown> = {};
circular.self = circular;
const throwingToJson = {
  toJSON(): never {
    throw new Error('no');
  },
};

function decodeOne(json: string): RpcResponse {
  const [response, ...others] = decodeReplies(Buffer.from(json));
  deepStrictEqual(others, []);
  return response as RpcResponse;
}

function errorIn(json: string): LaunchpoolError {
  const response = decodeOne(json);
  if (!('error' in response)) throw new TypeError(`no error in ${json}`);
  return response.error;
}

const RESULTS: readonly [result: unknown, json: string][] = [
  ['Uryyb', '"Uryyb"'],
  [undefined, 'null'],
  [null, 'null'],
  [0, '0'],
  [false, 'false'],
  [{ a: [1, { b: 2 }] }, '{"a":[1,{"b":2}]}'],
  [new Date(0), '"1970-01-01T00:00:00.000Z"'],
  [{ gone: undefined }, '{}'],
];

for (const [result, json] of RESULTS) {
  test(`a result is sent as ${json}: ${String(result)}`, (t) => {
    t.is(encodeResult('1', result), `{"jsonrpc":"2.0","id":1,"result":${json}}`);
  });
}

test('a result has the id exactly as it was written', (t) => {
  t.is(encodeResult('12345678901234567890', 1), '{"jsonrpc":"2.0","id":12345678901234567890,"result":1}');
});

for (const [what, result] of [
  ['a bigint', 10n],
  ['a circular object', circular],
  ['a function', () => undefined],
  ['a number that JSON does not have', { a: [Number.NaN] }],
  ['a Map', new Map()],
  ['a symbol', Symbol('s')],
  ['an object whose toJSON throws', throwingToJson],
  ['an object whose toJSON returns undefined', { toJSON: () => undefined }],
] as const) {
  test(`${what} is an invalid result`, (t) => {
    t.throws(() => encodeResult('1', result), { code: 'ERR_LAUNCHPOOL_RESULT_INVALID' });
  });
}

type WireError = { code: number; message: string; data?: Record<string, unknown> };
const wireError = (error: PlainError): WireError => (JSON.parse(encodeError('1', error)) as { error: WireError }).error;

for (const [what, code, expected] of [
  ['no code', undefined, -32000],
  ['a code of its own', 'E_TEST', -32000],
  ['a number as its code', 42, 42],
  ['a code that is not an integer', 1.5, -32000],
  ['infinity as its code', Number.POSITIVE_INFINITY, -32000],
  ['the code of a missing method', 'ERR_LAUNCHPOOL_METHOD_NOT_FOUND', -32601],
  ['a launchpool code that is never sent', 'ERR_LAUNCHPOOL_CONNECT_FAILED', -32000],
] as const) {
  test(`an error with ${what} has the JSON-RPC code ${expected}`, (t) => {
    const error: PlainError = { name: 'Error', message: 'm', ...(code === undefined ? {} : { code }) };
    t.is(wireError(error).code, expected);
  });
}

test('an error response has the shape of the specification', (t) => {
  t.deepEqual(JSON.parse(encodeError('"a"', toPlain(new LaunchpoolError('ERR_LAUNCHPOOL_PARSE', 'no JSON')))), {
    jsonrpc: '2.0',
    id: 'a',
    error: {
      code: -32700,
      message: 'no JSON',
      data: { name: 'LaunchpoolError', code: 'ERR_LAUNCHPOOL_PARSE', retryable: false },
    },
  });
});

for (const [what, data, expected] of [
  ['a bigint', 10n, '[BigInt: 10]'],
  ['a circular object', circular, { self: '[Circular]' }],
  ['an object whose toJSON throws', throwingToJson, '[Unreadable]'],
  ['an object with a bigint', { big: 12n, small: 1 }, { big: '[BigInt: 12]', small: 1 }],
] as const) {
  test(`of an error whose data is ${what}, everything is sent, and the part that JSON does not have as text`, (t) => {
    const error = { name: 'RangeError', message: 'm', code: 'E_TEST', hint: 'h', data };
    const { name, message, code, hint, data: arrived } = errorIn(encodeError('1', error));
    t.deepEqual({ name, message, code, hint, arrived }, { name, message, code, hint, arrived: expected });
    t.deepEqual([name, message, code, hint], ['RangeError', 'm', 'E_TEST', 'h']);
  });
}

const anyError = fc.record(
  {
    name: fc.string(),
    message: fc.string(),
    code: fc.oneof(fc.string(), fc.integer(), fc.constantFrom('ERR_LAUNCHPOOL_PARSE', 'ERR_LAUNCHPOOL_CONNECT_FAILED')),
    hint: fc.string(),
    data: fc.jsonValue().filter((value) => value !== undefined),
    stack: fc.string(),
  },
  { requiredKeys: ['name', 'message'], noNullPrototype: true },
);

test('an error reaches the caller as it was thrown', (t) => {
  const roundTrip = fc.property(anyError, (error) => {
    const arrived = errorIn(encodeError('1', error));
    const { stack } = error;
    deepStrictEqual(toPlain(arrived, { stack: stack !== undefined }), {
      ...(JSON.parse(JSON.stringify(error)) as PlainError),
      // An error without a code gets ERR_LAUNCHPOOL_HANDLER.
      code: error.code ?? 'ERR_LAUNCHPOOL_HANDLER',
    });
    deepStrictEqual(arrived.retryable, factsOf(error.code)?.retryable ?? false);
    deepStrictEqual(arrived.remote, true);
  });
  t.notThrows(() => fc.assert(roundTrip, { numRuns: 500 }));
});

test('results and errors of a batch are read in their order', (t) => {
  const responses = decodeReplies(
    Buffer.from(
      `[${encodeResult('1', 'a')},${encodeError('2', { name: 'Error', message: 'm' })},${encodeResult('"x"', null)}]`,
    ),
  );
  t.deepEqual(
    responses.map((response) =>
      'error' in response
        ? [response.id, response.error.message]
        : [response.id, 'result' in response && response.result],
    ),
    [
      [1, 'a'],
      [2, 'm'],
      ['x', null],
    ],
  );
});

for (const data of [
  'null',
  '"text"',
  '17',
  '[1,2]',
  '{"line":3}',
  '{"name":7}',
  '{"name":"email","reason":"is taken"}',
]) {
  test(`the data ${data} in an error of another server is kept unchanged`, (t) => {
    const error = errorIn(`{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"bad","data":${data}}}`);
    t.deepEqual(error.data, JSON.parse(data));
    t.like(error, { name: 'Error', code: -32602, message: 'bad', remote: true, retryable: false });
  });
}

test('an error of another server may lack data', (t) => {
  const error = errorIn('{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse error"}}');
  t.like(error, { name: 'Error', code: -32700, message: 'Parse error', data: undefined });
});

test('fields of a wrong type in a launchpool error are ignored', (t) => {
  const data = '{"name":"E","code":{},"hint":1,"stack":[],"data":0}';
  const error = errorIn(`{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"m","data":${data}}}`);
  t.like(error, { name: 'E', code: 'ERR_LAUNCHPOOL_HANDLER', hint: undefined, data: 0 });
  t.is(typeof error.stack, 'string');
});

for (const [what, reply] of [
  ['an empty frame', ''],
  ['text', 'Uryyb'],
  ['a response behind a byte order mark', '\ufeff{"jsonrpc":"2.0","id":1,"result":1}'],
  ['broken UTF-8', Buffer.from('{"result":"\xff"}', 'latin1')],
  ['null', 'null'],
  ['a number', '1'],
  ['an object without result and error', '{"jsonrpc":"2.0","id":1}'],
  ['a request, as an echoing raw agent returns it', '{"jsonrpc":"2.0","id":1,"method":"m"}'],
  ['an error that is null', '{"jsonrpc":"2.0","id":1,"error":null}'],
  ['an error that is text', '{"jsonrpc":"2.0","id":1,"error":"bad"}'],
  ['an error without a code', '{"jsonrpc":"2.0","id":1,"error":{"message":"m"}}'],
  ['an error without a message', '{"jsonrpc":"2.0","id":1,"error":{"code":1}}'],
  ['a batch with an element that is not a response', '[{"id":1,"result":1},2]'],
  ['an array in a batch', '[[]]'],
] as const) {
  test(`${what} is an invalid reply`, (t) => {
    t.throws(() => decodeReplies(Buffer.from(reply)), { code: 'ERR_LAUNCHPOOL_REPLY_INVALID' });
  });
}
