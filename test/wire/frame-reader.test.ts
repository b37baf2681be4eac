/** Chunks become runs of frames: any split gives the same frames, and whole frames are not copied. */
import { deepStrictEqual } from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { createFrameReader, type FrameLimits } from '../../wire/frame-reader.ts';
import { forEachFrame } from '../../wire/frame-walk.ts';

const shortHeader = (length: number): Buffer => {
  const header = Buffer.alloc(4);
  header.writeInt32BE(length);
  return header;
};
const short = (payload: Uint8Array): Buffer => Buffer.concat([shortHeader(payload.length), payload]);
const long = (payload: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from('ffffffff00000000', 'hex'), shortHeader(payload.length), payload]);

/** Pushes all chunks and ends; returns the payloads of each run, as hex. */
function readRuns(chunks: readonly Buffer[], limits: Partial<FrameLimits> = {}): string[][] {
  const reader = createFrameReader(limits);
  const runs: string[][] = [];
  for (const chunk of chunks) {
    reader.push(chunk, (run, frames) => {
      const payloads: string[] = [];
      forEachFrame(run, (payload) => payloads.push(payload.toString('hex')));
      deepStrictEqual(payloads.length, frames);
      runs.push(payloads);
    });
  }
  reader.end();
  return runs;
}

/** Cuts at each of the offsets; equal offsets make empty chunks. */
function cut(stream: Buffer, offsets: readonly number[]): Buffer[] {
  const edges = [0, ...offsets.toSorted((a, b) => a - b), stream.length];
  return edges.slice(1).map((end, index) => stream.subarray(edges[index], end));
}

const anyFrame = fc.record({ payload: fc.uint8Array({ maxLength: 300 }), isLong: fc.boolean() });
const anyFrames = fc.array(anyFrame, { maxLength: 12 });
const anyCuts = fc.array(fc.nat(4096), { maxLength: 40 });
const anyRunLength = fc.constantFrom(1, 2, 3, Number.POSITIVE_INFINITY);

test('any split of any stream gives the same frames', (t) => {
  const splits = fc.property(anyFrames, anyCuts, anyRunLength, (frames, cuts, maxRunFrames) => {
    const stream = Buffer.concat(frames.map(({ payload, isLong }) => (isLong ? long : short)(payload)));
    const chunks = cut(
      stream,
      cuts.map((at) => at % (stream.length + 1)),
    );
    const runs = readRuns(chunks, { maxRunFrames });
    deepStrictEqual(
      runs.flat(),
      frames.map(({ payload }) => Buffer.from(payload).toString('hex')),
    );
    deepStrictEqual(
      runs.filter(({ length }) => length === 0 || length > maxRunFrames),
      [],
    );
  });
  t.notThrows(() => fc.assert(splits, { numRuns: 1000 }));
});

test('every way to cut a small stream gives the same frames', (t) => {
  const stream = Buffer.concat([short(Buffer.alloc(0)), long(Buffer.from('a'))]);
  const between = stream.length - 1;
  for (let mask = 0; mask < 2 ** between; mask += 1) {
    const offsets = Array.from({ length: between }, (_unused, bit) => bit + 1).filter((at) => mask & (1 << (at - 1)));
    deepStrictEqual(readRuns(cut(stream, offsets)).flat(), ['', '61'], `cut at ${offsets}`);
  }
  t.is(between, 16);
});

test('every pair of cuts through a longer stream gives the same frames', (t) => {
  const payloads = ['ab', '', 'c', '', 'defghijkl', 'm'].map((text) => Buffer.from(text));
  const stream = Buffer.concat(payloads.map((payload, index) => (index % 3 === 2 ? long : short)(payload)));
  const expected = payloads.map((payload) => payload.toString('hex'));
  for (let first = 0; first <= stream.length; first += 1) {
    for (let second = first; second <= stream.length; second += 1) {
      deepStrictEqual(readRuns(cut(stream, [first, second])).flat(), expected, `cut at ${first} and ${second}`);
    }
  }
  t.pass();
});

test('whole frames are returned together, as one view of the chunk', (t) => {
  const frames = [short(Buffer.from('a')), long(Buffer.from('b')), short(Buffer.from(''))];
  const chunk = Buffer.concat([Buffer.from('before'), ...frames]).subarray(6);
  const runs: { run: Buffer; frames: number }[] = [];
  createFrameReader().push(chunk, (run, count) => runs.push({ run, frames: count }));
  t.is(runs.length, 1);
  t.is(runs[0]?.frames, 3);
  t.is(runs[0]?.run.buffer, chunk.buffer);
  t.is(runs[0]?.run.byteOffset, chunk.byteOffset);
  t.is(runs[0]?.run.length, chunk.length);
});

test('only frames that are cut are copied, and not those between them', (t) => {
  const stream = Buffer.concat(['first', 'second', 'third', 'fourth'].map((text) => short(Buffer.from(text))));
  const chunks = [Buffer.from(stream.subarray(0, 6)), Buffer.from(stream.subarray(6, -3)), Buffer.from('rth')];
  const runs: [text: string, isView: boolean][] = [];
  const reader = createFrameReader();
  for (const chunk of chunks) {
    reader.push(chunk, (run) => {
      const isView = run.buffer === chunk.buffer && run.byteOffset >= chunk.byteOffset;
      runs.push([run.toString('latin1').replaceAll(/[^a-z]+/g, ' '), isView]);
    });
  }
  t.deepEqual(runs, [
    [' first', false],
    [' second third', true],
    [' fourth', false],
  ]);
});

test('an assembled frame is not overwritten by the next one', (t) => {
  const reader = createFrameReader();
  const kept: Buffer[] = [];
  for (const piece of ['\0\0\0\u0003a', 'bc\0\0\0\u0003d', 'ef']) {
    reader.push(Buffer.from(piece, 'latin1'), (run) => kept.push(run));
  }
  t.deepEqual(
    kept.map((run) => run.toString('latin1', 4)),
    ['abc', 'def'],
  );
});

test('the kept bytes of an unfinished frame are counted', (t) => {
  const reader = createFrameReader();
  const held = [Buffer.from([0]), Buffer.from([0, 0, 3]), Buffer.from('ab'), Buffer.from('c\0\0', 'latin1')].map(
    (chunk) => {
      reader.push(chunk, () => undefined);
      return reader.heldBytes;
    },
  );
  t.deepEqual(held, [1, 4, 6, 2]);
});

test('a stream may end between two frames', (t) => {
  const reader = createFrameReader();
  reader.push(short(Buffer.from('whole')), () => undefined);
  t.notThrows(() => reader.end());
});

const stream = long(Buffer.from('abc'));
for (let length = 1; length < stream.length; length += 1) {
  test(`a stream that ends after ${length} of a frame's ${stream.length} bytes is truncated`, (t) => {
    const reader = createFrameReader();
    reader.push(stream.subarray(0, length), () => t.fail());
    t.throws(() => reader.end(), { code: 'ERR_LAUNCHPOOL_FRAME_TRUNCATED' });
  });
}
