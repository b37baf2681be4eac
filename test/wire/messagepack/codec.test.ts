/** Values in MessagePack: what comes back, what is refused and where, and what other programs write. */
import { isDeepStrictEqual } from 'node:util';
import test from 'ava';
import fc from 'fast-check';
import { pack, unpack } from '../../../wire/messagepack/codec.ts';
import { skipPacked } from '../../../wire/messagepack/scan.ts';

const bytes = (value: unknown): Buffer => Buffer.from(pack(value).toBytes());
const roundTrip = (value: unknown): unknown => unpack(pack(value).toBytes());
const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));

const text = fc.string({ unit: 'binary', maxLength: 100 });
const key = fc
  .oneof(text, fc.constantFrom('toJSON ', 'constructor', 'length', ''))
  .filter((name) => name !== '__proto__');
const leaf = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double().map((number) => (Object.is(number, -0) ? 0 : number)),
  text,
  fc.bigInt(),
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
  fc.uint8Array({ maxLength: 300 }),
  fc.date({ noInvalidDate: true }),
);
const { value: anyValue } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, depthSize: 'small' },
    leaf,
    fc.array(tie('value'), { maxLength: 20 }),
    fc.dictionary(key, tie('value'), { maxKeys: 20, noNullPrototype: true }),
    fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 5 }).map((pairs) => new Map(pairs)),
    fc.array(tie('value'), { maxLength: 5 }).map((values) => new Set(values)),
  ),
}));

test('every value comes back as it was, and its bytes are one value', (t) => {
  fc.assert(
    fc.property(anyValue, (value) => {
      const packed = bytes(value);
      return skipPacked(packed, 0) === packed.length && isDeepStrictEqual(unpack(packed), value);
    }),
    { numRuns: 2_000 },
  );
  t.pass();
});

test('bytes come back as a Uint8Array and nothing else, however long, also inside Map and Set', (t) => {
  for (const length of [0, 1, 255, 256, 16_383, 16_384, 65_535, 65_536, 1_000_000]) {
    const value = Uint8Array.from({ length }, (_, index) => index % 251);
    const { a, b, map, set } = roundTrip({
      a: value,
      b: [Buffer.from(value), 1],
      map: new Map([[1, value]]),
      set: new Set([value]),
    }) as { a: unknown; b: [unknown, number]; map: Map<number, unknown>; set: Set<unknown> };
    for (const each of [a, b[0], map.get(1), [...set][0]]) {
      t.is(Object.getPrototypeOf(each), Uint8Array.prototype);
      t.true(isDeepStrictEqual(each, value), `${length}`);
    }
    t.is(b[1], 1);
  }
});

test('texts of all lengths and letters come back, with a byte order mark and null', (t) => {
  for (const letter of ['a', 'ä', '€', '😀', '\u0000', '\ufeff']) {
    for (const length of [0, 1, 15, 16, 31, 32, 63, 64, 65, 200, 255, 256, 65_535, 65_536, 100_000]) {
      const each = `\ufeff${letter.repeat(length)}`;
      t.is(roundTrip(each), each);
      t.is(roundTrip(letter.repeat(length)), letter.repeat(length));
      t.deepEqual(roundTrip({ [each]: 1 }), { [each]: 1 });
    }
  }
});

test('objects are what JSON makes of them; members that are undefined are left out, other values are null', (t) => {
  class Point {
    x = 1;
    y = undefined;
    get sum(): number {
      return 2;
    }
  }
  t.deepEqual(roundTrip([new Point(), undefined, Object.assign(Object.create(null), { a: 1 })]), [
    { x: 1 },
    null,
    { a: 1 },
  ]);
  t.is(roundTrip(undefined), null);
  t.deepEqual(roundTrip({ toJSON: () => ({ at: new Date(5) }) }), { at: new Date(5) });
  t.deepEqual(roundTrip(new URL('http://a.b/c')), 'http://a.b/c');
  t.deepEqual(roundTrip([Object(1), Object('a'), Object(false)]), [1, 'a', false]);
  // biome-ignore lint/suspicious/noSparseArray: that is the case.
  t.deepEqual(roundTrip([, 1]), [null, 1]);
});

const circle: unknown[] = [];
circle.push([circle]);
const deep = (levels: number): unknown => {
  let value: unknown = 1;
  for (let level = 0; level < levels; level += 1) value = [value];
  return value;
};
const detached = new Uint8Array(8);
structuredClone(detached.buffer, { transfer: [detached.buffer] });

const REFUSED: readonly [what: string, value: unknown, found: string, path: string][] = [
  ['a function', { a: [1, () => 1] }, 'a function', '.a[1]'],
  ['a symbol', new Map([['key one', Symbol('x')]]), 'a symbol', '.get("key one")'],
  ['a key of a Map', new Map([[() => 1, 1]]), 'a function', ' (a key)'],
  ['a typed array', { list: [new Float64Array(1)] }, 'a Float64Array', '.list[0]'],
  ['an ArrayBuffer', new ArrayBuffer(1), 'an ArrayBuffer', ''],
  ['a DataView', [new DataView(new ArrayBuffer(1))], 'a DataView', '[0]'],
  ['a RegExp', { 'a b': /x/ }, 'a RegExp', '["a b"]'],
  ['an Error', new Set([new Error('x')]), 'an Error', '[0]'],
  ['a promise', Promise.resolve(), 'a Promise', ''],
  ['an invalid Date', [new Date(Number.NaN)], 'an invalid Date', '[0]'],
  ['half of a surrogate pair', ['\ud800'], 'text with half of a surrogate pair', '[0]'],
  ['a key with half of one', { '\udc00': 1 }, 'a key with half of a surrogate pair', ''],
  ['a member __proto__', JSON.parse('{"a":{"__proto__":1}}'), 'a member __proto__', '.a'],
  ['memory that is gone', [detached], 'a Uint8Array without memory', '[0]'],
];

for (const [what, value, found, path] of REFUSED) {
  test(`refused: ${what}`, (t) => {
    t.like(
      t.throws(() => pack(value)),
      { what: found, path },
    );
  });
}

test('a circle and deep nesting are refused; what is written can be read', (t) => {
  t.regex((t.throws(() => pack(circle)) as Error).message, /in a circle/);
  t.throws(() => pack(deep(600)));
  let levels = 1;
  while (levels < 600) {
    try {
      pack(deep(levels));
    } catch {
      break;
    }
    levels += 1;
  }
  t.true(levels > 400);
  // Below an envelope.
  t.notThrows(() => roundTrip({ params: [deep(levels - 3)] }));
  let maps: unknown = 1;
  for (let level = 0; level < 150; level += 1) maps = new Map([[1, maps]]);
  t.notThrows(() => roundTrip({ result: maps }));
});

/** As other programs write it: the specification's examples, and Python's msgpack. */
const FOREIGN: readonly [what: string, written: string, value: unknown][] = [
  ['a map of the specification', '82 a7 636f6d70616374 c3 a6 736368656d61 00', { compact: true, schema: 0 }],
  [
    'integers of all forms',
    '9a 7f e0 cc80 cd0100 ce00010000 cf0000000100000000 d080 d18000 d280000000 d3ffffffff00000000',
    [127, -32, 128, 256, 65_536, 4_294_967_296, -128, -32_768, -2_147_483_648, -4_294_967_296],
  ],
  ['integers beyond what a number holds', '92 cf ffffffffffffffff d3 8000000000000000', [2n ** 64n - 1n, -(2n ** 63n)]],
  ['floats', '93 ca 3f800000 cb 3ff8000000000000 cb 7ff0000000000000', [1, 1.5, Number.POSITIVE_INFINITY]],
  ['a long form of a short text', '92 d9 01 61 db 00000001 62', ['a', 'b']],
  [
    'timestamps of 32, 64 and 96 bits',
    '93 d6ff 00000001 d7ff 77359400 00000001 c70cff 1dcd6500 fffffffffffffffe',
    [new Date(1_000), new Date(1_500), new Date(-1_500)],
  ],
  ['a Map', 'c7 06 01 91 92 01 a2 6161', new Map([[1, 'aa']])],
  ['a Set', 'd5 02 91 07', new Set([7])],
  ['BigInts', '93 d4 03 ff d5 03 0080 c703 03 010000', [-1n, 128n, 65_536n]],
];

for (const [what, written, value] of FOREIGN) {
  test(`read: ${what}`, (t) => {
    t.true(
      isDeepStrictEqual(unpack(hex(written)), value),
      JSON.stringify(unpack(hex(written)), (_, each) => (typeof each === 'bigint' ? `${each}n` : each)),
    );
  });
}

const UNREADABLE: readonly [what: string, written: string, message: RegExp][] = [
  ['nothing', '', /cut off/],
  ['a byte that is never used', '91 c1', /0xc1/],
  ['bytes behind the end', '01 02', /1 bytes behind/],
  ['an array that is cut off', '92 01', /cut off/],
  ['an array that announces 4 Gi items', 'dd ffffffff 01', /cut off/],
  ['a map without its last value', '82 a161 01 a162', /cut off/],
  ['a text that is cut off', 'a3 6161', /cut off/],
  ['a header that is cut off', 'db 0000', /cut off/],
  ['text that is not UTF-8', 'a2 c328', /UTF-8/],
  ['a key that is a number', '81 01 02', /key that is not text/],
  ['a key __proto__', `81 a9 ${Buffer.from('__proto__').toString('hex')} 01`, /__proto__/],
  ['a record of msgpackr', 'd4 72 40', /extension of type 114/],
  ['a placeholder', 'd4 7f 00', /extension of type 127/],
  ['an undefined of other libraries', 'd4 00 00', /extension of type 0/],
  ['a Map that is no array', 'd4 01 07', /extension 1 without an array/],
  ['a Map of triples', 'c7 05 01 91 93 01 02 03', /no array of pairs/],
  ['a Set with bytes behind it', 'd6 02 91 07 00 00', /bytes behind/],
  ['a Set that is cut off', 'd5 02 92 07', /cut off/],
  ['a BigInt without bytes', 'c7 00 03', /BigInt without bytes/],
  ['a timestamp of another length', 'd5 ff 0000', /time/],
  ['a timestamp whose nanoseconds lie beyond a Date', 'c7 0c ff 55000000 000007dba8217fff', /time/],
  ['a timestamp beyond a Date', 'c7 0c ff 00000000 7fffffffffffffff', /time/],
  ['a nesting of 600 arrays', `${'91'.repeat(600)}01`, /nested more deeply/],
];

for (const [what, written, message] of UNREADABLE) {
  test(`not read: ${what}`, (t) => {
    t.regex((t.throws(() => unpack(hex(written))) as Error).message, message);
  });
}

test('Maps within Maps do not nest without limit', (t) => {
  let written = Buffer.from([0x01]);
  for (let level = 0; level < 400; level += 1) {
    const content = Buffer.concat([Buffer.from([0x91, 0x92, 0x01]), written]);
    const header = Buffer.alloc(6);
    header[0] = 0xc9;
    header.writeUInt32BE(content.length, 1);
    header[5] = 1;
    written = Buffer.concat([header, content]);
  }
  t.regex((t.throws(() => unpack(written)) as Error).message, /nested more deeply/);
});

test('random bytes, and values with a byte changed or cut off, are refused or read, and what was read can be written', (t) => {
  const mutated = fc
    .tuple(anyValue.map(bytes), fc.nat(), fc.nat(255), fc.boolean())
    .map(([packed, at, byte, isCut]) => {
      if (isCut) return packed.subarray(0, at % packed.length);
      packed[at % packed.length] = byte;
      return packed;
    });
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 60 }), mutated), (packed) => {
      let value: unknown;
      try {
        value = unpack(Uint8Array.from(packed));
      } catch (thrown) {
        if ((thrown as { fault?: unknown }).fault === undefined) throw thrown;
        return;
      }
      pack(value);
    }),
    { numRuns: 5_000 },
  );
  t.pass();
});

test('the packer gives its memory back after a long message', (t) => {
  const long = { text: 'x'.repeat(20_000_000) };
  t.is((roundTrip(long) as typeof long).text.length, 20_000_000);
  const { buffer } = pack({ a: 1 }).parts[0] as Uint8Array;
  t.true(buffer.byteLength < 1_000_000);
});
