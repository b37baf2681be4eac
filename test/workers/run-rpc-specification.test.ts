/** The examples of JSON-RPC 2.0, from the request's bytes to the reply's. */
import test from 'ava';
import type { Method } from '../../workers/handlers.ts';
import { methodCaller } from '../../workers/method-caller.ts';
import { rpcRunner } from '../../workers/run-rpc.ts';

type Response = { jsonrpc: unknown; id: unknown; result?: unknown; error?: { code: unknown } };

const METHODS: Readonly<Record<string, Method>> = {
  subtract: (first, second) => {
    if (typeof first === 'number') return first - (second as number);
    const { minuend, subtrahend } = first as { minuend: number; subtrahend: number };
    return minuend - subtrahend;
  },
  sum: (...terms) => terms.reduce((total: number, term) => total + (term as number), 0),
  get_data: () => ['hello', 5],
  notify_hello: () => undefined,
};

/** A response in the form of the specification's examples, without the error texts, which are free. */
function shorten(response: Response): unknown {
  const { jsonrpc, id, result, error } = response;
  return error === undefined ? { jsonrpc, id, result } : { jsonrpc, id, code: error.code };
}

const ok = (id: unknown, result: unknown): unknown => ({ jsonrpc: '2.0', id, result });
const ko = (id: unknown, code: number): unknown => ({ jsonrpc: '2.0', id, code });

/** https://www.jsonrpc.org/specification §7 */
const EXAMPLES: readonly [what: string, request: string, reply: unknown][] = [
  ['positional parameters', '{"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1}', ok(1, 19)],
  [
    'named parameters',
    '{"jsonrpc": "2.0", "method": "subtract", "params": {"subtrahend": 23, "minuend": 42}, "id": 3}',
    ok(3, 19),
  ],
  ['a notification', '{"jsonrpc": "2.0", "method": "notify_hello", "params": [1,2,3,4,5]}', undefined],
  ['a notification to an unknown method', '{"jsonrpc": "2.0", "method": "foobar"}', undefined],
  ['a method that is not there', '{"jsonrpc": "2.0", "method": "foobar", "id": "1"}', ko('1', -32601)],
  ['invalid JSON', '{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]', ko(null, -32700)],
  ['an invalid request', '{"jsonrpc": "2.0", "method": 1, "params": "bar"}', ko(null, -32600)],
  [
    'a batch of invalid JSON',
    '[{"jsonrpc": "2.0", "method": "sum", "id": "1"},{"jsonrpc": "2.0", "method"]',
    ko(null, -32700),
  ],
  ['an empty batch', '[]', ko(null, -32600)],
  ['a batch that is invalid but not empty', '[1]', [ko(null, -32600)]],
  ['a batch of three invalid requests', '[1,2,3]', [ko(null, -32600), ko(null, -32600), ko(null, -32600)]],
  [
    'a mixed batch',
    `[
      {"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},
      {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]},
      {"jsonrpc": "2.0", "method": "subtract", "params": [42,23], "id": "2"},
      {"foo": "boo"},
      {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
      {"jsonrpc": "2.0", "method": "get_data", "id": "9"}
    ]`,
    [ok('1', 7), ok('2', 19), ko(null, -32600), ko('5', -32601), ok('9', ['hello', 5])],
  ],
  [
    'a batch of notifications',
    '[{"jsonrpc": "2.0", "method": "notify_sum", "params": [1,2,4]},{"jsonrpc": "2.0", "method": "notify_hello"}]',
    undefined,
  ],
];

for (const [what, request, expected] of EXAMPLES) {
  test(`the response to the specification's example of ${what} is the specified one`, async (t) => {
    const find = methodCaller({ exported: METHODS, methods: new Set(Object.keys(METHODS)) });
    const input = Buffer.from(request);
    const reply = await rpcRunner(find, { exposeStacks: false, maxReplyBytes: 10_000 }).run(input, 0, input.length);
    const response = reply === null ? undefined : (JSON.parse(String(reply)) as Response | Response[]);
    t.deepEqual(Array.isArray(response) ? response.map(shorten) : response && shorten(response), expected);
  });
}
