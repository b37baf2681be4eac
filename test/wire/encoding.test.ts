/** The encoding of a request, by its first bytes. */
import test from 'ava';
import { type Encoding, skipWhiteSpace, sniffEncoding } from '../../wire/encoding.ts';

const ALL_BYTES = Array.from({ length: 256 }, (_unused, byte) => byte);
const range = (from: number, to: number): number[] => ALL_BYTES.slice(from, to + 1);

/** The encoding of a request that consists of this byte alone. */
const FIRST_BYTES: readonly [Encoding, number[]][] = [
  ['json', [0x5b, 0x7b]],
  ['messagepack', [...range(0x81, 0x8f), ...range(0x91, 0x9f), ...range(0xdc, 0xdf)]],
  ['pickle', []],
  [
    'unknown',
    [
      ...range(0x00, 0x5a),
      ...range(0x5c, 0x7a),
      ...range(0x7c, 0x80),
      0x90,
      ...range(0xa0, 0xdb),
      ...range(0xe0, 0xff),
    ],
  ],
];

for (const [encoding, bytes] of FIRST_BYTES) {
  test(`of all 256 first bytes, exactly ${bytes.length} mean ${encoding}`, (t) => {
    t.deepEqual(
      ALL_BYTES.filter((byte) => sniffEncoding(Uint8Array.of(byte)) === encoding),
      bytes,
    );
  });
}

test('an empty request is unknown', (t) => {
  t.is(sniffEncoding(new Uint8Array()), 'unknown');
});

test('0x80 starts a pickle only before a protocol from 2 to 5', (t) => {
  const pickles = ALL_BYTES.filter((second) => sniffEncoding(Uint8Array.of(0x80, second, 0x2e)) === 'pickle');
  t.deepEqual(pickles, [2, 3, 4, 5]);
});

test('0x80 before anything else is unknown', (t) => {
  t.is(sniffEncoding(Uint8Array.of(0x80, 0x01)), 'unknown');
  t.is(sniffEncoding(Uint8Array.of(0x80, 0x06)), 'unknown');
});

test('white space before JSON is skipped', (t) => {
  t.is(sniffEncoding(Buffer.from(' \t\r\n \n{"id":1}')), 'json');
  t.is(sniffEncoding(Buffer.from('\n[]')), 'json');
});

test('white space before anything but { and [ is unknown', (t) => {
  for (const rest of ['', '"text"', '1', 'null', '}', '\u{81}', '\u{80}\u{04}', '\u{dc}']) {
    t.is(sniffEncoding(Buffer.from(` ${rest}`, 'latin1')), 'unknown', JSON.stringify(rest));
  }
});

test('white space of Unicode that JSON lacks is not skipped', (t) => {
  for (const space of ['\u00a0', '\u2028', '\ufeff', '\v', '\f', '\0']) {
    t.is(sniffEncoding(Buffer.from(`${space}{}`)), 'unknown', JSON.stringify(space));
  }
});

test('white space is skipped from the given offset', (t) => {
  const bytes = Buffer.from('a \t\r\nb  ');
  t.deepEqual(
    Array.from(bytes, (_unused, at) => skipWhiteSpace(bytes, at)),
    [0, 5, 5, 5, 5, 5, 8, 8],
  );
});

test('nothing is skipped beyond the end', (t) => {
  t.is(skipWhiteSpace(Buffer.from('a'), 1), 1);
  t.is(skipWhiteSpace(new Uint8Array(), 0), 0);
});
