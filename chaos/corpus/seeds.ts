/** The payloads from which mutations start: valid, or invalid in a known way. None calls a method that harms a thread. */
import { pack } from '../../wire/messagepack/codec.ts';

const text = [
  '{"jsonrpc":"2.0","id":1,"method":"sync","params":["text"]}',
  '{"jsonrpc":"2.0","id":"x","method":"add","params":[1,2]}',
  '{"jsonrpc":"2.0","id":1.50,"method":"count","params":{"a":[1,{"b":null}],"id":7}}',
  '{"jsonrpc":"2.0","id":12345678901234567890,"method":"nothing"}',
  '{"jsonrpc":"2.0","id":null,"method":"fail","params":["told to"]}',
  '{"jsonrpc":"2.0","method":"nothing"}',
  ' \r\n\t{"jsonrpc":"2.0","id":-0,"method":"sync","params":["\\ud83d\\ude00 \u00e4\u6f22\ud83d\ude00"]}',
  '{"jsonrpc":"2.0","\\u0069d":2,"method":"s\\u0079nc","params":[[[[[]]]],{"":{"":{}}}]}',
  '{"jsonrpc":"2.0","id":3,"id":4,"method":"nothing","method":"sync","params":[1],"params":[2]}',
  '[{"jsonrpc":"2.0","id":5,"method":"sync","params":[1]},{"jsonrpc":"2.0","method":"nothing"},{"jsonrpc":"2.0","id":6,"method":"fail","params":["b"]}]',
  '[{"jsonrpc":"2.0","method":"nothing"}]',
  '[]',
  '[1,"a",null,[]]',
  '{}',
  '{"jsonrpc":"2.0","id":{},"method":"sync"}',
  '{"jsonrpc":"2.0","id":8,"method":"sync","params":"no"}',
  '{"jsonrpc":"2.0","id":9,"method":"sync","params":[1],"timeoutMs":50}',
  '{"timeoutMs":0.5,"jsonrpc":"2.0","id":10,"method":"burn","params":[1,"x"]}',
  '{"jsonrpc":"2.0","id":11,"method":"sync","params":["timeoutMs"],"timeoutMs":-1}',
  '{"jsonrpc":"2.0","id":12,"method":"sync","timeoutMs":2147483648,"params":[{"timeoutMs":1}]}',
  '{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":1}}',
  '{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":"x"}}',
  '{"jsonrpc":"2.0","id":13,"method":"$/cancelRequest","params":{"id":{"id":1}}}',
  '{"params":{"id":1.50},"method":"$/cancelRequest","jsonrpc":"2.0"}',
  '{"jsonrpc":"2.0","method":"$/closing","params":{"run":12}}',
  ...['constructor', '__proto__', 'toString', 'then', 'setup', 'teardown', 'rpc.discover', 'default', ''].map(
    (method) => `{"jsonrpc":"2.0","id":14,"method":"${method}","params":[]}`,
  ),
  '{"__proto__":{"id":1,"jsonrpc":"2.0","method":"sync"},"constructor":{"prototype":{"id":2}}}',
];

const request = { jsonrpc: '2.0', id: 1, method: 'sync', params: ['text'] };
const PACKED = [
  request,
  { ...request, id: 'x', timeoutMs: 50, params: [[1.5, -1, 300, null, true, { a: { b: [] } }]] },
  { ...request, params: [new Map([[1, new Set([2n ** 80n])]]), new Date(1_500), new Uint8Array(300)], id: null },
  { jsonrpc: '2.0', method: 'nothing' },
  { jsonrpc: '2.0', method: '$/cancelRequest', params: { id: 1 } },
  [request, { ...request, id: 2, method: 'fail' }, 7],
].map((value) => Buffer.from(pack(value).toBytes()).toString('hex'));

const bytes = [
  // Pickles of protocols 2 to 5, as Python's send() writes them, and one that would import a module.
  '80027d71002e',
  '800495150000000000000000008c05776f726c64948c0568656c6c6f94869442e',
  '8005950a000000000000008c0668656c6c6f21942e',
  '8003636f730a73797374656d0a71005800000000710185710252710332e2e',
  // MessagePack: a map, an array, a long map, requests, a cancellation, a batch, and one with every extension.
  '82a76a736f6e727063a3322e30a2696401',
  '93010203',
  'df00ffffff',
  ...PACKED,
  '',
  '00',
  'ff',
  'efbbbf7b7d',
  // The messages of the handshake.
  Buffer.from('#CHALLENGE#{sha256}0123456789012345678901234567890123456789').toString('hex'),
  Buffer.from('#WELCOME#').toString('hex'),
  Buffer.from('#FAILURE#').toString('hex'),
  `7b6d64357d${'ab'.repeat(16)}`,
];

export const SEEDS: readonly Buffer[] = [
  ...text.map((each) => Buffer.from(each)),
  ...bytes.map((hex) => Buffer.from(hex.slice(0, hex.length & ~1), 'hex')),
  Buffer.from(`{"jsonrpc":"2.0","id":15,"method":"sync","params":["${'x'.repeat(60_000)}"]}`),
];

/** Inserted into payloads. */
export const TOKENS: readonly Buffer[] = [
  ...['"id":', '"timeoutMs":', '"$/cancelRequest"', '"params":{"id":1}', '\\u0000', '\\ud800', '\\"', '\\', '"'],
  ...['{', '}', '[', ']', ',', ':', 'null', 'true', '1e999', '-', '.5', '\u2028', '\0', '\ufeff', '//', "'", '2.0'],
].map((each) => Buffer.from(each));

/** Byte sequences that are not UTF-8: truncated, overlong, a surrogate, above U+10FFFF. */
export const NOT_UTF8: readonly Buffer[] = ['c3', 'c0af', 'e28280e2', 'eda080', 'f4908080', 'f8888080', 'fe', '80'].map(
  (hex) => Buffer.from(hex, 'hex'),
);

export const HUGE: readonly string[] = [
  '0',
  '-1',
  '1e308',
  '1e309',
  '-0.0',
  '2147483647',
  '2147483648',
  '4294967296',
  '9007199254740993',
  '1'.repeat(40),
  `0.${'3'.repeat(400)}`,
  '1e-400',
  '0x10',
  '01',
];
