/** JSON-RPC requests: which are valid, which get which error, and which ids are returned. */
import { deepStrictEqual, ok } from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { LaunchpoolError } from '../../wire/errors.ts';
import { decodeRequests, type RpcItem } from '../../wire/json-rpc.ts';
import { encodeRequest } from '../../wire/json-rpc-call.ts';

const PARSE = 'ERR_LAUNCHPOOL_PARSE';
const INVALID = 'ERR_LAUNCHPOOL_REQUEST_INVALID';

/** A request unchanged, an error as its id and code. */
type Short =
  | { id: string | undefined; method: string; params: unknown[]; isByName?: true }
  | { id: string; code: string | number };
const shorten = (item: RpcItem): Short => ('error' in item ? { id: item.id, code: item.error.code } : item);

function decode(payload: string | Uint8Array): { batch: boolean; items: Short[] } {
  const { batch, items } = decodeRequests(typeof payload === 'string' ? Buffer.from(payload) : payload);
  return { batch, items: items.map(shorten) };
}

/** Errors with the id null, outside of a batch. */
const nullFault = (code: string): ReturnType<typeof decode> => ({ batch: false, items: [{ id: 'null', code }] });

/** https://www.jsonrpc.org/specification §7, as far as it does not depend on the methods. */
const EXAMPLES: readonly [what: string, json: string, expected: ReturnType<typeof decode>][] = [
  [
    'positional parameters',
    '{"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1}',
    { batch: false, items: [{ id: '1', method: 'subtract', params: [42, 23] }] },
  ],
  [
    'named parameters',
    '{"jsonrpc": "2.0", "method": "subtract", "params": {"subtrahend": 23, "minuend": 42}, "id": 3}',
    {
      batch: false,
      items: [{ id: '3', method: 'subtract', params: [{ subtrahend: 23, minuend: 42 }], isByName: true }],
    },
  ],
  [
    'a notification',
    '{"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]}',
    { batch: false, items: [{ id: undefined, method: 'update', params: [1, 2, 3, 4, 5] }] },
  ],
  [
    'a notification without parameters',
    '{"jsonrpc": "2.0", "method": "foobar"}',
    { batch: false, items: [{ id: undefined, method: 'foobar', params: [] }] },
  ],
  ['invalid JSON', '{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]', nullFault(PARSE)],
  ['an invalid request', '{"jsonrpc": "2.0", "method": 1, "params": "bar"}', nullFault(INVALID)],
  [
    'an invalid batch',
    '[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},{"jsonrpc": "2.0", "method"]',
    nullFault(PARSE),
  ],
  ['an empty array', '[]', nullFault(INVALID)],
  ['an invalid batch, but not empty', '[1]', { batch: true, items: [{ id: 'null', code: INVALID }] }],
  ['an invalid batch of three', '[1,2,3]', { batch: true, items: Array(3).fill({ id: 'null', code: INVALID }) }],
  [
    'a batch',
    `[
      {"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},
      {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]},
      {"jsonrpc": "2.0", "method": "subtract", "params": [42,23], "id": "2"},
      {"foo": "boo"},
      {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
      {"jsonrpc": "2.0", "method": "get_data", "id": "9"}
    ]`,
    {
      batch: true,
      items: [
        { id: '"1"', method: 'sum', params: [1, 2, 4] },
        { id: undefined, method: 'notify_hello', params: [7] },
        { id: '"2"', method: 'subtract', params: [42, 23] },
        { id: 'null', code: INVALID },
        { id: '"5"', method: 'foo.get', params: [{ name: 'myself' }], isByName: true },
        { id: '"9"', method: 'get_data', params: [] },
      ],
    },
  ],
];

for (const [what, json, expected] of EXAMPLES) {
  test(`the specification's example of ${what} is read as specified`, (t) => {
    t.deepEqual(decode(json), expected);
  });
}

const pickled = Buffer.from('80049503000000000000004b012e', 'hex');

const NOT_JSON: readonly [what: string, payload: Uint8Array, code: string][] = [
  ['an empty frame', Buffer.alloc(0), PARSE],
  ['white space', Buffer.from(' \n'), PARSE],
  ['text', Buffer.from('hello'), PARSE],
  ['a JSON string', Buffer.from('"hello"'), PARSE],
  ['a number', Buffer.from('1'), PARSE],
  ['null', Buffer.from('null'), PARSE],
  ['a byte order mark', Buffer.from('\ufeff{"jsonrpc":"2.0","method":"m","id":1}'), PARSE],
  ['UTF-16', Buffer.from('{"jsonrpc":"2.0","method":"m","id":1}', 'utf16le'), PARSE],
  ['a broken UTF-8 sequence', Buffer.from('{"jsonrpc":"2.0","method":"\xff","id":1}', 'latin1'), PARSE],
  ['a surrogate in UTF-8', Buffer.from('{"method":"\xed\xa0\x80"}', 'latin1'), PARSE],
  ['two requests in one frame', Buffer.from('{"jsonrpc":"2.0","method":"m"}{"jsonrpc":"2.0","method":"m"}'), PARSE],
  ['brackets without end', Buffer.from('['.repeat(100_000)), PARSE],
  ['an int as Python pickles it', pickled, 'ERR_LAUNCHPOOL_PICKLE'],
  ['a bare byte 0x80', Buffer.from([0x80]), PARSE],
  ['a MessagePack map', Buffer.from([0x81, 0xa2, 0x69, 0x64, 0x01]), 'ERR_LAUNCHPOOL_ENCODING'],
  ['a MessagePack array', Buffer.from([0x91, 0x01]), 'ERR_LAUNCHPOOL_ENCODING'],
  ['a MessagePack array of 16 bits', Buffer.from([0xdc, 0x00, 0x01, 0x01]), 'ERR_LAUNCHPOOL_ENCODING'],
  ['a MessagePack map of 32 bits', Buffer.from([0xdf, 0x00, 0x00, 0x00, 0x00]), 'ERR_LAUNCHPOOL_ENCODING'],
];

for (const [what, payload, code] of NOT_JSON) {
  test(`${what} is refused with ${code}`, (t) => {
    t.deepEqual(decode(payload), nullFault(code));
  });
}

test('the error for input that is not JSON contains its first byte', (t) => {
  const [item] = decodeRequests(Buffer.from([0x07])).items;
  t.true(item !== undefined && 'error' in item && item.error.message.includes('0x07'));
});

const INVALID_REQUESTS: readonly [what: string, json: string, expected: Short][] = [
  ['no version', '{"id":1,"method":"m"}', { id: '1', code: INVALID }],
  ['version 1.0', '{"jsonrpc":"1.0","id":1,"method":"m"}', { id: '1', code: INVALID }],
  ['a version that is a number', '{"jsonrpc":2.0,"id":1,"method":"m"}', { id: '1', code: INVALID }],
  ['no method', '{"jsonrpc":"2.0","id":"a"}', { id: '"a"', code: INVALID }],
  ['a method that is null', '{"jsonrpc":"2.0","id":1e400,"method":null}', { id: '1e400', code: INVALID }],
  ['an object as its id', '{"jsonrpc":"2.0","id":{},"method":"m"}', { id: 'null', code: INVALID }],
  ['an array as its id', '{"jsonrpc":"2.0","id":[1],"method":"m"}', { id: 'null', code: INVALID }],
  ['true as its id', '{"jsonrpc":"2.0","id":true,"method":"m"}', { id: 'null', code: INVALID }],
  ...['"x"', '1', 'true', 'null'].map((params): [string, string, Short] => [
    `the params ${params}`,
    `{"jsonrpc":"2.0","id":1,"method":"m","params":${params}}`,
    { id: '1', code: 'ERR_LAUNCHPOOL_PARAMS_INVALID' },
  ]),
  ['an inherited method', '{"jsonrpc":"2.0","id":1,"__proto__":{"method":"m"}}', { id: '1', code: INVALID }],
];

for (const [what, json, expected] of INVALID_REQUESTS) {
  test(`a request with ${what} is refused with its own id`, (t) => {
    t.deepEqual(decode(json), { batch: false, items: [expected] });
  });

  test(`in a batch, only the request with ${what} is refused`, (t) => {
    const { items } = decode(`[{"jsonrpc":"2.0","id":0,"method":"fine"},${json},{"jsonrpc":"2.0","method":"fine"}]`);
    t.deepEqual(items[1], expected);
    t.deepEqual([items[0]?.id, items[2]?.id], ['0', undefined]);
  });
}

test('any bytes give requests or errors', (t) => {
  const anyBytes = fc.oneof(
    fc.uint8Array(),
    fc.json().map((json) => Buffer.from(json)),
    fc.array(fc.jsonValue()).map((value) => Buffer.from(JSON.stringify(value))),
    fc
      .record(
        { jsonrpc: fc.constant('2.0'), id: fc.jsonValue(), method: fc.jsonValue(), params: fc.jsonValue() },
        { requiredKeys: [] },
      )
      .map((value) => Buffer.from(JSON.stringify(value))),
  );
  const answered = fc.property(anyBytes, (bytes) => {
    const { items } = decodeRequests(bytes);
    ok(items.length > 0);
    for (const item of items) {
      if ('error' in item) ok(item.error instanceof LaunchpoolError);
      if (item.id !== undefined) ok(JSON.parse(item.id) !== undefined);
    }
  });
  t.notThrows(() => fc.assert(answered, { numRuns: 1000 }));
});

test('a written request is read back', (t) => {
  const anyId = fc.option(fc.nat(), { nil: undefined });
  const roundTrip = fc.property(anyId, fc.string(), fc.array(fc.jsonValue()), (id, method, params) => {
    const { batch, items } = decodeRequests(Buffer.from(encodeRequest(id, method, params)));
    deepStrictEqual(batch, false);
    deepStrictEqual(items, [{ id: id?.toString(), method, params: JSON.parse(JSON.stringify(params)) as unknown }]);
  });
  t.notThrows(() => fc.assert(roundTrip, { numRuns: 500 }));
});

test('a request without params is written without params', (t) => {
  t.is(encodeRequest(1, 'm', []), '{"jsonrpc":"2.0","id":1,"method":"m"}');
});

test('a batch of more requests than the maximum is refused without parsing it, and others are not', (t) => {
  const batchOf = (count: number, item: string): Buffer => Buffer.from(` [ ${Array(count).fill(item).join(' , ')} ] `);
  const request = '{"jsonrpc":"2.0","id":1,"method":"m","params":["[,]",[1,2]]}';
  for (const item of [request, '1', '[]', '"]"', 'null']) {
    const allowed = decodeRequests(batchOf(7, item), 7);
    t.deepEqual([allowed.batch, allowed.items.length], [true, 7], item);
    const { batch, items } = decodeRequests(batchOf(8, item), 7);
    t.deepEqual([batch, items.length], [false, 1]);
    t.like(items[0], { id: 'null', error: { code: 'ERR_LAUNCHPOOL_REQUEST_INVALID' } });
  }
  // What is behind the limit is not read, so it need not be JSON.
  const [fault] = decodeRequests(Buffer.from(`[${'1,'.repeat(8)}{`), 7).items;
  t.like(fault, { error: { code: 'ERR_LAUNCHPOOL_REQUEST_INVALID' } });
  const long = `{"jsonrpc":"2.0","id":1,"method":"m","params":[${'1,'.repeat(20)}1]}`;
  t.like(decodeRequests(Buffer.from(long), 7), { batch: false, items: [{ id: '1' }] });
});

test('a request of a batch has no timeout of its own: the main thread keeps none for it', (t) => {
  const request = '{"jsonrpc":"2.0","id":1,"method":"a","timeoutMs":5}';
  const timeoutIn = (text: string): unknown => {
    const [item] = decodeRequests(Buffer.from(text)).items;
    return item !== undefined && 'asks' in item ? item.asks?.timeoutMs : undefined;
  };
  t.deepEqual([timeoutIn(request), timeoutIn(`[${request}]`)], [5, undefined]);
});
