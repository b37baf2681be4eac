/** The methods that a frame calls, found without parsing. */
import test from 'ava';
import fc from 'fast-check';
import { encode } from 'msgpackr';
import { scanMethods } from '../../wire/method-scan.ts';

function methodsIn(payload: string | Uint8Array): string[] {
  const methods: string[] = [];
  scanMethods(Buffer.from(payload as string), (method) => methods.push(method));
  return methods;
}

for (const [what, payload, methods] of [
  ['a request', '{"jsonrpc":"2.0","id":1,"method":"slow","params":[{"method":"inner"}]}', ['slow']],
  ['white space', ' \n[ {"method" : "a"} , {"method":"b"} ]', ['a', 'b']],
  ['escapes, also in the key', '{"\\u006dethod":"gr\\u00f6\\u00dfe"}', ['größe']],
  ['UTF-8', '{"method":"größe"}', ['größe']],
  ['several equal keys: the last one counts', '{"method":"a","method":"b"}', ['b']],
  ['a method that is no text', '{"method":7}', []],
  ['a batch with other values', '[1,{"method":"a"},null,[{"method":"b"}]]', ['a']],
  ['no method', '{"id":1}', []],
  ['text that is cut off', '[{"method":"a"},{"method":"b', ['a']],
  ['an empty frame', '', []],
  ['a name that no export has', `{"method":"${'m'.repeat(2_000)}"}`, []],
] as const) {
  test(`the methods of ${what}`, (t) => t.deepEqual(methodsIn(payload), [...methods]));
}

test('bytes that are neither JSON nor MessagePack call no method', (t) => {
  t.deepEqual(methodsIn(Buffer.from([0x80, 0x04, 0x95])), []);
});

const anyRequest = fc.record(
  {
    method: fc.oneof(fc.string({ unit: 'grapheme', maxLength: 20 }), fc.integer()),
    id: fc.integer(),
    params: fc.jsonValue(),
  },
  { requiredKeys: [] },
);
const anyMessage = fc.oneof(anyRequest, fc.array(anyRequest, { minLength: 1, maxLength: 40 }));
const expected = (message: object): unknown[] =>
  [message]
    .flat()
    .map((each) => (each as { method?: unknown }).method)
    .filter((method) => typeof method === 'string');

test('for any request and any batch, the methods are those that a parser finds, in both encodings', (t) => {
  const holds = fc.property(anyMessage, (message) => {
    t.deepEqual(methodsIn(JSON.stringify(message)), expected(JSON.parse(JSON.stringify(message))));
    // An empty map in MessagePack is no request: its first byte begins a pickle.
    if (Array.isArray(message) || Object.keys(message).length > 0)
      t.deepEqual(methodsIn(encode(message)), expected(message));
  });
  t.notThrows(() => fc.assert(holds));
});

test('a method behind a long text is found, whatever quotes and backslashes the text has', (t) => {
  const anyPart = fc
    .tuple(fc.constantFrom('x', '\\', '"', 'é', '\\"'), fc.nat(130))
    .map(([text, times]) => text.repeat(times));
  const holds = fc.property(fc.array(anyPart, { maxLength: 6 }), (parts) => {
    const text = parts.join('');
    t.deepEqual(methodsIn(JSON.stringify({ params: [text, 1], method: 'slow' })), ['slow']);
    t.deepEqual(methodsIn(`{"method":"slow","params":["${text.replaceAll(/[\\"]/g, '')}`), ['slow']);
  });
  t.notThrows(() => fc.assert(holds, { numRuns: 500 }));
});

test('no bytes make it throw', (t) => {
  const anyStart = fc.constantFrom('', '{"method":"', '[{"method":"\\u', '{', '[');
  const holds = fc.property(anyStart, fc.uint8Array({ maxLength: 60 }), (start, bytes) => {
    methodsIn(Buffer.concat([Buffer.from(start), bytes]));
  });
  t.notThrows(() => fc.assert(holds, { numRuns: 1_000 }));
});
