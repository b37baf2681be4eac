/** What JSON would change is found, with its place, and nothing else is. */
import { deepStrictEqual } from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { findJsonLoss } from '../../wire/json-loss.ts';

test('each kind of loss is named, with its place', (t) => {
  const cases: [value: unknown, loss: string][] = [
    [Number.NaN, 'NaN'],
    [{ a: [1, { 'b c': Number.NEGATIVE_INFINITY }] }, '-Infinity at .a[1]["b c"]'],
    [new Map(), 'a Map'],
    [{ users: [{ tags: new Set() }] }, 'a Set at .users[0].tags'],
    [[new Uint8Array(3)], 'an Uint8Array at [0]'],
    [{ file: Buffer.from('x') }, 'an Uint8Array at .file'],
    [new Float64Array(1), 'a Float64Array'],
    [new ArrayBuffer(1), 'an ArrayBuffer'],
    [new DataView(new ArrayBuffer(1)), 'a DataView'],
    [{ f() {} }, 'a function at .f'],
    [Symbol('s'), 'a symbol'],
    [10n, 'a BigInt'],
    [{ e: new RangeError('x') }, 'an Error at .e'],
    [/x/, 'a RegExp'],
    [{ p: Promise.resolve() }, 'a Promise at .p'],
    [new Date(Number.NaN), 'an invalid Date'],
    [Object.assign(Object.create(null), { n: Number.NaN }), 'NaN at .n'],
    [
      new (class Point {
        x = Number.NaN;
      })(),
      'NaN at .x',
    ],
    [[[[Number.POSITIVE_INFINITY]]], 'Infinity at [0][0][0]'],
  ];
  for (const [value, loss] of cases) t.is(findJsonLoss(value), loss);
});

test('what JSON carries, or an object says of itself, is no loss', (t) => {
  class Point {
    x = 1;
    #hidden = new Map();
    get size(): number {
      return this.#hidden.size;
    }
  }
  const values = [
    ...[undefined, null, true, 'text', 1, -0, 1e300, [], {}],
    ...[{ a: undefined }, [undefined, null], new Date(0), new URL('http://a/'), new Point(), Object.create(null)],
    ...[
      { toJSON: () => 'x', map: new Map() },
      new Number(1),
      new String('x'),
      Object.create({ inherited: Number.NaN }),
    ],
  ];
  for (const value of values) t.is(findJsonLoss(value), undefined);
});

test('a value that JSON gives back as it was has no loss', (t) => {
  const property = fc.property(fc.jsonValue(), (value) => deepStrictEqual(findJsonLoss(value), undefined));
  t.notThrows(() => fc.assert(property, { numRuns: 500 }));
});
