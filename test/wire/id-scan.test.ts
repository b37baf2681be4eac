/** The ids found without parsing are those that a parser finds. */
import { deepStrictEqual, ok } from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { scanIds } from '../../wire/id-scan.ts';

const scan = (json: string): ReturnType<typeof scanIds> => scanIds(Buffer.from(json));

const CASES: readonly [what: string, json: string, ids: string[], batch?: boolean][] = [
  ['a request', '{"jsonrpc":"2.0","id":1,"method":"m"}', ['1']],
  ['a request with its id last', '{"jsonrpc":"2.0","method":"m","params":[1],"id":"x"}', ['"x"']],
  ['a notification', '{"jsonrpc":"2.0","method":"m"}', []],
  ['an id of null', '{"id":null}', ['null']],
  ['an id that no double holds', '{"id":12345678901234567890}', ['12345678901234567890']],
  ['an id beyond the range of numbers', '{"id":1e400}', ['1e400']],
  ['an id with a point', '{"id":1.50}', ['1.50']],
  ['an id with escapes', String.raw`{"id":"\u0061\"\\\n"}`, [String.raw`"\u0061\"\\\n"`]],
  ['an id with brackets', '{"id":"}],{"}', ['"}],{"']],
  ['white space everywhere', ' \t\r\n{ "id" \n:\t 1 \r, "method" : "m" } ', ['1']],
  ['ids that are not at the top level', '{"params":{"id":1},"x":[{"id":2},["id",{"id":3}]],"id":4}', ['4']],
  ['only ids that are not at the top level', '{"params":{"id":1},"result":[{"id":2}]}', []],
  ['"id" as a value', '{"method":"id","params":["id"],"id":7}', ['7']],
  ['keys that resemble it', '{"Id":1,"ids":2,"i":3," id":4,"":5,"\\"id":6}', []],
  ['a key with one letter escaped', String.raw`{"\u0069d":1}`, ['1']],
  ['a key with both letters escaped', String.raw`{"\u0069\u0064":1}`, ['1']],
  ['a key with the second letter escaped', String.raw`{"i\u0064":1}`, ['1']],
  ['the key twice', '{"id":1,"id":2}', ['2']],
  ['the key twice, once escaped', String.raw`{"\u0069d":1,"id":2}`, ['2']],
  ['the key twice, the last one without a valid id', '{"id":1,"id":{}}', []],
  ['an array as the id', '{"id":[1]}', []],
  ['an object as the id', '{"id":{"id":1}}', []],
  ['true as the id', '{"id":true}', []],
  ['an empty object', '{}', []],
  ['a batch', '[{"id":1},{"id":"b"},{"method":"m"},{"id":null}]', ['1', '"b"', 'null'], true],
  ['a batch with white space', '[ {"id":1} ,\n{"id":2 } ] ', ['1', '2'], true],
  ['a batch of invalid requests', '[1,"x",null,[{"id":1}],{"id":2},[],{}]', ['2'], true],
  ['an empty batch', '[]', [], true],
  ['a batch of one', '[{"id":1}]', ['1'], true],
  ['nothing', '', []],
  ['invalid JSON', 'hello', []],
  ['a number', '17', []],
  ['a batch with an error behind its first request', '[{"id":1},]{"id":2}', ['1'], true],
  ['an incomplete batch', '[{"id":1},{"id":2},{"meth', ['1', '2'], true],
  ['a request with an id that is invalid JSON', '{"id":01x}', []],
];

for (const [what, json, ids, batch = false] of CASES) {
  test(`${what}: ${ids.length === 0 ? 'no ids' : ids.join(' ')}`, (t) => {
    t.deepEqual(scan(json), { batch, ids });
  });
}

test('an id of many bytes is found', (t) => {
  const id = JSON.stringify('é"'.repeat(100_000));
  t.deepEqual(scan(`{"params":[{}],"id":${id}}`).ids, [id]);
});

/** JSON text of a value, with white space between all its parts, and strings with some letters escaped. */
function render(value: unknown, filler: () => string): string {
  const spaced = (text: string): string => `${filler()}${text}${filler()}`;
  const entries = (parts: string[]): string => parts.map(spaced).join(',') || filler();
  if (Array.isArray(value)) return `[${entries(value.map((item) => render(item, filler)))}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const parts = Object.entries(value).map(
    ([key, item]) => `${renderKey(key, filler)}${spaced(':')}${render(item, filler)}`,
  );
  return `{${entries(parts)}}`;
}

function renderKey(key: string, filler: () => string): string {
  if (filler().length % 2 === 0) return JSON.stringify(key);
  const escaped = key.split('').map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return `"${escaped.join('')}"`;
}

const anyKey = fc.oneof(fc.constantFrom('id', 'jsonrpc', 'method', 'params', 'Id', ' id'), fc.string());
const anyId = fc.oneof(fc.integer(), fc.double(), fc.string(), fc.constant(null), fc.jsonValue());
const anyValue = fc.oneof(fc.jsonValue(), fc.record({ id: anyId }), fc.array(fc.record({ id: anyId })));
const anyRequest = fc
  .array(fc.tuple(anyKey, anyValue), { maxLength: 6 })
  .chain((entries) => fc.option(anyId, { nil: undefined }).map((id) => [...entries, ['id', id] as const]))
  .chain((entries) => fc.shuffledSubarray(entries, { minLength: entries.length }))
  // JSON text goes through a parser once more, so keys are unique here and undefined is removed.
  .map((entries) => Object.fromEntries(entries.filter(([key, value]) => key !== '__proto__' && value !== undefined)));
const anyFrame = fc.oneof(anyRequest, fc.array(fc.oneof(anyRequest, fc.jsonValue()), { maxLength: 5 }));
const anyFillers = fc.array(
  fc.array(fc.constantFrom(' ', '\t', '\n', '\r'), { maxLength: 3 }).map((spaces) => spaces.join('')),
  { minLength: 1, maxLength: 20 },
);

function legalIdOf(item: unknown): unknown[] {
  if (typeof item !== 'object' || item === null || Array.isArray(item) || !Object.hasOwn(item, 'id')) return [];
  const { id } = item as { id: unknown };
  return typeof id === 'string' || typeof id === 'number' || id === null ? [id] : [];
}

const anyText = fc.tuple(anyFrame, anyFillers).map(([frame, fillers]) => {
  let turn = 0;
  return render(frame, () => fillers[turn++ % fillers.length] ?? '');
});

test('in any form of a request or a batch, the ids are those that JSON.parse finds', (t) => {
  const sameIds = fc.property(anyText, (json) => {
    const frame: unknown = JSON.parse(json);
    const { batch, ids } = scan(json);
    deepStrictEqual(batch, Array.isArray(frame));
    deepStrictEqual(
      ids.map((id) => JSON.parse(id) as unknown),
      (Array.isArray(frame) ? frame : [frame]).flatMap(legalIdOf),
    );
  });
  t.notThrows(() => fc.assert(sameIds, { numRuns: 1000 }));
});

test('of an incomplete frame, the ids of the whole requests are found', (t) => {
  const prefix = fc.property(anyText, fc.nat(), (json, place) => {
    const whole = scan(json).ids;
    const found = scanIds(Buffer.from(json).subarray(0, place % (json.length + 1))).ids;
    ok(found.length <= whole.length + 1);
    deepStrictEqual(found.slice(0, -1), whole.slice(0, Math.max(0, found.length - 1)));
  });
  t.notThrows(() => fc.assert(prefix, { numRuns: 500 }));
});

test('in arbitrary bytes, only valid ids are found', (t) => {
  const scraps = fc.array(
    fc.oneof(
      fc.constantFrom('{', '}', '[', ']', ',', ':', '"', '\\', '"id"', '"id":1', '{"id":"x"}', ' ', 'null', '\\u0069'),
      fc.uint8Array({ maxLength: 3 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
    ),
    { maxLength: 30 },
  );
  const harmless = fc.property(scraps, (pieces) => {
    const { ids } = scanIds(Buffer.from(pieces.join(''), 'latin1'));
    for (const id of ids) ok(legalIdOf({ id: JSON.parse(id) }).length === 1);
  });
  t.notThrows(() => fc.assert(harmless, { numRuns: 1000 }));
});

for (const piece of ['[', '{"":', '{"id":', '"', '\\', '[,', ',', '{"id":"\\', '[{', ' ', '[{"id":1}', '{}{}']) {
  test(`a megabyte of ${JSON.stringify(piece)} is scanned`, (t) => {
    const { ids } = scan(`[${piece.repeat(2 ** 20 / piece.length)}`);
    t.true(ids.length <= 1);
  });
}
