/** The layout of a frame, byte for byte; the literals are those of Python's struct.pack('!i') and ('!Q'). */
import test from 'ava';
import fc from 'fast-check';
import {
  encodeFrame,
  encodeTextFrame,
  frameHeader,
  headerBytes,
  LONG_HEADER_BYTES,
  MAX_SHORT_LENGTH,
  readHeader,
  SHORT_HEADER_BYTES,
  writeHeader,
} from '../../wire/frame.ts';
import { forEachFrame } from '../../wire/frame-walk.ts';

const HEADERS: readonly [length: number, hex: string][] = [
  [0, '00000000'],
  [1, '00000001'],
  [255, '000000ff'],
  [256, '00000100'],
  [65536, '00010000'],
  [MAX_SHORT_LENGTH, '7fffffff'],
  [MAX_SHORT_LENGTH + 1, 'ffffffff0000000080000000'],
  [2 ** 32, 'ffffffff0000000100000000'],
  [Number.MAX_SAFE_INTEGER, 'ffffffff001fffffffffffff'],
];

for (const [length, hex] of HEADERS) {
  test(`the header of ${length} bytes is ${hex}`, (t) => {
    t.is(frameHeader(length).toString('hex'), hex);
  });

  test(`the header of ${length} bytes has the predicted length`, (t) => {
    t.is(headerBytes(length), hex.length / 2);
  });

  test(`the header ${hex} announces ${length} bytes`, (t) => {
    t.is(readHeader(Buffer.from(hex, 'hex'), 0), length);
  });

  test(`the header ${hex} is not read before its last byte has arrived`, (t) => {
    const header = Buffer.from(hex, 'hex');
    for (let end = 0; end < header.length; end += 1) t.is(readHeader(header, 0, end), undefined, `of ${end} bytes`);
  });
}

test('a header of the long form may announce a short payload', (t) => {
  t.is(readHeader(Buffer.from('ffffffff0000000000000003', 'hex'), 0), 3);
});

test('a length beyond the range of a double is read as a length over every maximum', (t) => {
  t.is(readHeader(Buffer.from('ffffffffffffffffffffffff', 'hex'), 0), 2 ** 64);
});

for (const hex of ['fffffffe', 'ffffff00', '80000000', 'fffffffe0000000000000003']) {
  test(`the negative length ${hex} is refused`, (t) => {
    t.throws(() => readHeader(Buffer.from(hex, 'hex'), 0), { code: 'ERR_LAUNCHPOOL_FRAME_INVALID' });
  });
}

test('a header is read at the given offset', (t) => {
  t.is(readHeader(Buffer.from('fffffffe00000005fffffffe', 'hex'), 4), 5);
});

test('a short header is written at the given offset', (t) => {
  const target = Buffer.alloc(8, 0xaa);
  t.is(writeHeader(target, 7, 2), 2 + SHORT_HEADER_BYTES);
  t.is(target.toString('hex'), 'aaaa00000007aaaa');
});

test('a long header is written at the given offset', (t) => {
  const target = Buffer.alloc(16, 0xaa);
  t.is(writeHeader(target, 2 ** 31, 2), 2 + LONG_HEADER_BYTES);
  t.is(target.toString('hex'), 'aaaaffffffff0000000080000000aaaa');
});

test('a frame is its header and its payload', (t) => {
  t.is(encodeFrame(Buffer.from('abc')).toString('hex'), '00000003616263');
});

test('the frame of an empty payload is a header', (t) => {
  t.is(encodeFrame(new Uint8Array()).toString('hex'), '00000000');
});

test('text is framed as UTF-8 and counted in bytes', (t) => {
  t.is(encodeTextFrame('é€😀').toString('hex'), '00000009c3a9e282acf09f9880');
});

test('the frame of a view contains only the bytes of the view', (t) => {
  t.is(encodeFrame(Buffer.from('abcdef').subarray(2, 4)).toString('hex'), '000000026364');
});

test('a frame can be transferred without transferring other memory', (t) => {
  t.is(encodeFrame(Buffer.from('abc')).buffer.byteLength, 7);
  t.is(encodeTextFrame('abc').buffer.byteLength, 7);
});

test('the frame of any text equals the frame of its bytes', (t) => {
  const anyText = fc.array(fc.nat(0xffff)).map((units) => String.fromCharCode(...units));
  const isSame = (text: string): boolean => encodeTextFrame(text).equals(encodeFrame(new TextEncoder().encode(text)));
  t.notThrows(() => fc.assert(fc.property(anyText, isSame), { numRuns: 500 }));
});

function payloadsOf(run: Buffer): Buffer[] {
  const payloads: Buffer[] = [];
  forEachFrame(run, (payload) => payloads.push(payload));
  return payloads;
}

test('the frames of a run are visited in order, in either form of their headers', (t) => {
  const run = Buffer.from(
    '000000026162' + // "ab"
      '00000000' + // nothing
      'ffffffff000000000000000163' + // "c", behind a long header
      'ffffffff0000000000000000' + // nothing, behind a long header
      '0000000164', // "d"
    'hex',
  );
  t.deepEqual(
    payloadsOf(run).map((payload) => payload.toString()),
    ['ab', '', 'c', '', 'd'],
  );
});

test('the payloads of a run are views of it', (t) => {
  const run = Buffer.concat([encodeFrame(Buffer.from('ab')), encodeFrame(Buffer.from('c'))]);
  const [ab, c] = payloadsOf(run);
  t.is(ab?.buffer, run.buffer);
  t.is(ab?.byteOffset, run.byteOffset + 4);
  t.is(c?.byteOffset, run.byteOffset + 10);
});

test('an empty run has no frames', (t) => {
  t.deepEqual(payloadsOf(Buffer.alloc(0)), []);
});

test('a negative length in a run is refused', (t) => {
  t.throws(() => payloadsOf(Buffer.from('fffffffe', 'hex')), { code: 'ERR_LAUNCHPOOL_FRAME_INVALID' });
});
