/** Ids are returned unchanged: a caller finds its request by them. */
import { deepStrictEqual } from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { scanIds } from '../../wire/id-scan.ts';
import { decodeRequests } from '../../wire/json-rpc.ts';

const idsOf = (json: string): (string | undefined)[] => decodeRequests(Buffer.from(json)).items.map(({ id }) => id);
const request = (id: string): string => `{"jsonrpc":"2.0","id":${id},"method":"m","params":[{"id":7.5},{"id":1e400}]}`;

const IDS: readonly string[] = [
  '"abc"',
  '""',
  '"1"',
  '"é😀"',
  String.raw`"\"\\\n"`,
  String.raw`"\u0000"`,
  String.raw`"\ud800"`,
  '0',
  '-0',
  '1',
  '-1',
  '1.5',
  '-0.001',
  '1e-7',
  '1e400',
  '-1e400',
  '9007199254740991',
  '9007199254740992',
  '9007199254740993',
  '9223372036854775808',
  '18446744073709551615',
  '12345678901234567890',
  'null',
];

for (const id of IDS) {
  test(`the id ${id} is returned unchanged`, (t) => {
    t.deepEqual(idsOf(request(id)), [id]);
  });

  test(`the id ${id} is returned unchanged from a batch`, (t) => {
    const batch = `[${request('1.25')},${request(id)},17,{"jsonrpc":"2.0","method":"m"},${request('"z"')}]`;
    t.deepEqual(idsOf(batch), ['1.25', id, 'null', undefined, '"z"']);
  });
}

for (const id of [String.raw`"\u0061\/"`, String.raw`"\u00E9"`]) {
  test(`the id ${id}, which has unnecessary escapes, is returned unchanged`, (t) => {
    t.deepEqual(idsOf(request(id)), [id]);
    t.deepEqual(idsOf(`[${request('"a"')},${request(id)},${request('1.0')}]`), ['"a"', id, '1.0']);
  });
}

for (const key of [String.raw`"\u0069d"`, String.raw`"i\u0064"`, String.raw`"\u0069\u0064"`]) {
  test(`an id with the key ${key} is returned unchanged`, (t) => {
    for (const id of ['1.0', '9223372036854775808', String.raw`"\u0061"`]) {
      t.deepEqual(idsOf(`{"jsonrpc":"2.0",${key} : ${id},"method":"m"}`), [id]);
    }
  });
}

test('of several ids in one request the last one is used', (t) => {
  t.deepEqual(idsOf('{"jsonrpc":"2.0","id":1.5,"method":"m","id":2.5}'), ['2.5']);
});

for (const id of ['9007199254740991.4', '1.00000000000000000001', '1e-400']) {
  test(`the id ${id}, which a double rounds to an integer, is returned unchanged`, (t) => {
    t.deepEqual(idsOf(request(id)), [id]);
  });
}

for (const id of ['1e400', '9223372036854775808', '1.50', '-0', String.raw`"\u0061"`]) {
  test(`the id ${id} is returned unchanged beside data that is nested 50 000 deep`, (t) => {
    const deep = `${'[{"id":'.repeat(25_000)}7.5${'}]'.repeat(25_000)}`;
    const single = `{"jsonrpc":"2.0","params":${deep},"method":"m","id":${id}}`;
    t.deepEqual(idsOf(single), [id]);
    t.deepEqual(idsOf(`[${single},${request('2.50')}]`), [id, '2.50']);
  });
}

for (const [what, firstId, count] of [
  ['ordinary', 1n, 20_000],
  ['large', 2n ** 63n, 2_500],
] as const) {
  test(`a batch of many ${what} ids is read in one pass`, (t) => {
    const ids = Array.from({ length: count }, (_unused, index) => String(firstId + BigInt(index)));
    const batch = `[${ids.map((id) => `{"jsonrpc":"2.0","id":${id},"method":"add","params":[1,2]}`).join(',')}]`;
    const start = performance.now();
    t.deepEqual(idsOf(batch), ids);
    // One pass takes some 30 ms; one pass per id takes ten seconds, and four times as long for twice as many ids.
    t.true(performance.now() - start < 5_000);
  });
}

test('the main thread, which does not parse, finds the same ids as a worker', (t) => {
  const anyNumber = fc.oneof(
    fc.integer().map(String),
    fc.bigInt().map(String),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => JSON.stringify(n)),
  );
  const anyId = fc.oneof(
    anyNumber,
    fc.string().map((text) => JSON.stringify(text)),
    fc.constant('null'),
  );
  const sameIds = fc.property(fc.array(anyId, { minLength: 1, maxLength: 8 }), fc.boolean(), (ids, single) => {
    const json = single ? request(ids[0] ?? '') : `[${ids.map(request).join(',')}]`;
    deepStrictEqual(scanIds(Buffer.from(json)).ids, idsOf(json));
  });
  t.notThrows(() => fc.assert(sameIds, { numRuns: 500 }));
});

/** A JSON text of a string, with some of its letters as escapes. */
const spelled = (text: string): fc.Arbitrary<string> =>
  fc
    .array(fc.boolean(), { minLength: text.length, maxLength: text.length })
    .map((escapes) => `"${[...text].map((letter, index) => (escapes[index] ? escaped(letter) : letter)).join('')}"`);
const escaped = (letter: string): string => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`;

const whiteSpace = fc.string({ unit: fc.constantFrom(' ', '\n', '\r', '\t'), maxLength: 3 });
const idText = fc.oneof(fc.constantFrom(...IDS), spelled('ab'), fc.constant('null'));
/** Nested values with ids of their own, as text. */
const nested = fc.oneof(
  fc.jsonValue().map((value) => JSON.stringify(value)),
  fc
    .tuple(fc.constantFrom(1, 3, 20_000), idText)
    .map(([depth, id]) => `${'[{"id":'.repeat(depth)}${id}${'}]'.repeat(depth)}`),
);
const member = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(spelled('id'), idText) },
  fc.tuple(fc.constantFrom('"more"', '"Id"', '"id "', '"\\"id\\""', '""', '"ids"'), nested),
);

/** A request as text, and its last id as it is written in it. */
const anyRequest = fc.tuple(fc.array(member, { maxLength: 6 }), whiteSpace).map(([members, space]) => ({
  id: members.findLast(([key]) => JSON.parse(key) === 'id')?.[1],
  json: `{${[['"jsonrpc"', '"2.0"'], ...members, ['"method"', '"m"']]
    .map(([key, value]) => `${space}${key}${space}:${space}${value}${space}`)
    .join(',')}}`,
}));

test('with any spelling, nesting and repetition, the id that JSON.parse() finds is returned as it was written', (t) => {
  const unchanged = fc.property(fc.array(anyRequest, { minLength: 1, maxLength: 4 }), whiteSpace, (requests, space) => {
    for (const { id, json } of requests) deepStrictEqual(idsOf(`${space}${json}`), [id]);
    const batch = `${space}[${requests.map(({ json }) => json).join(`,${space}`)}${space}]`;
    const ids = requests.map(({ id }) => id);
    deepStrictEqual(idsOf(batch), ids);
    // The order of the members of JSON.parse() is that of the first of several equal keys; its value is that of the last.
    deepStrictEqual(
      (JSON.parse(batch) as { id?: unknown }[]).map(({ id }) => id),
      ids.map((id) => (id === undefined ? undefined : JSON.parse(id))),
    );
  });
  t.notThrows(() => fc.assert(unchanged, { numRuns: 200 }));
});
