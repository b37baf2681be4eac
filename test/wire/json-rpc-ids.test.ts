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

test('an id with unnecessary escapes is returned as the same string', (t) => {
  t.deepEqual(idsOf(request(String.raw`"\u0061\/"`)), ['"a/"']);
});

test('of several ids in one request the last one is used', (t) => {
  t.deepEqual(idsOf('{"jsonrpc":"2.0","id":1.5,"method":"m","id":2.5}'), ['2.5']);
});

for (const id of ['9007199254740991.4', '1.00000000000000000001', '1e-400']) {
  test(`the id ${id}, which a double rounds to an integer, is returned unchanged`, (t) => {
    t.deepEqual(idsOf(request(id)), [id]);
  });
}

test('an id behind nested data of any depth is found, if need be rounded', (t) => {
  const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
  const [id] = idsOf(`{"jsonrpc":"2.0","params":${deep},"method":"m","id":1.5}`);
  t.is(id, '1.5');
});

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
