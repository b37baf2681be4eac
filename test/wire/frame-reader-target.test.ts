/** Long frames are read straight into their final memory: the reader returns a target, and takes the bytes written there. */
import { deepStrictEqual, ok } from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { encodeFrame } from '../../wire/frame.ts';
import { createFrameReader } from '../../wire/frame-reader.ts';

const KIB = 1024;
const payload = (length: number, seed = 0): Buffer => Buffer.alloc(length, (seed % 250) + 1);
const NEVER = (): never => {
  throw new Error('no whole frame');
};

test('a short frame, an incomplete header, and an empty reader have no target', (t) => {
  const reader = createFrameReader();
  t.is(reader.target(), undefined);
  reader.push(Buffer.from([0, 1, 0]), NEVER);
  t.is(reader.target(), undefined);
  const short = createFrameReader();
  short.push(encodeFrame(payload(30 * KIB)).subarray(0, 10 * KIB), NEVER);
  t.is(short.target(), undefined);
});

test('the rest of a long frame has a target, and is taken from it', (t) => {
  const reader = createFrameReader();
  const frame = encodeFrame(payload(300 * KIB));
  reader.push(frame.subarray(0, 10 * KIB), NEVER);
  const found: [Buffer, number, boolean][] = [];
  for (let offset = 10 * KIB, target = reader.target(); target !== undefined; target = reader.target()) {
    const taken = frame.copy(target, 0, offset);
    offset += taken;
    reader.filled(taken, (...run) => found.push(run));
  }
  t.is(found.length, 1);
  t.deepEqual([found[0]?.[0].equals(frame), found[0]?.[1], found[0]?.[2]], [true, 1, true]);
  t.is(reader.heldBytes, 0);
});

test('the memory comes from the given allocator, and the frame may be kept', (t) => {
  const given: Buffer[] = [];
  const allocate = (bytes: number): Buffer => {
    given.push(Buffer.from(new SharedArrayBuffer(bytes)));
    return given.at(-1) as Buffer;
  };
  const reader = createFrameReader({}, { allocate, recycle: () => undefined });
  const frame = encodeFrame(payload(100 * KIB, 7));
  const kept: Buffer[] = [];
  const keep = (run: Buffer, _frames: number, own: boolean): void => {
    if (own) kept.push(run);
  };
  reader.push(frame.subarray(0, 1000), keep);
  reader.push(Buffer.concat([frame.subarray(1000), frame.subarray(0, 20)]), keep);
  reader.push(frame.subarray(20), keep);
  t.is(kept.length, 2);
  t.true(kept.every((run) => run.equals(frame) && given.some(({ buffer }) => buffer === run.buffer)));
});

test('by chunk or by target, and wherever the stream is cut, every frame is read unchanged', (t) => {
  const anyStream = fc.record({
    lengths: fc.array(fc.oneof(fc.nat(200), fc.integer({ min: 40 * KIB, max: 300 * KIB })), { maxLength: 8 }),
    reads: fc.array(fc.record({ max: fc.integer({ min: 1, max: 90 * KIB }), direct: fc.boolean() }), { minLength: 1 }),
  });
  const holds = fc.property(anyStream, ({ lengths, reads }) => {
    const payloads = lengths.map(payload);
    const stream = Buffer.concat(payloads.map(encodeFrame));
    const reader = createFrameReader();
    const found: Buffer[] = [];
    const take = (run: Buffer, frames: number, own: boolean): void => {
      ok(!own || frames === 1);
      found.push(Buffer.from(run));
    };
    for (let offset = 0, index = 0; offset < stream.length; index += 1) {
      const { max, direct } = reads[index % reads.length] as (typeof reads)[number];
      const target = direct ? reader.target() : undefined;
      const end = Math.min(stream.length, offset + Math.min(max, target?.length ?? max));
      if (target === undefined) reader.push(stream.subarray(offset, end), take);
      else reader.filled(stream.copy(target, 0, offset, end), take);
      offset = end;
    }
    deepStrictEqual(Buffer.concat(found).equals(stream), true);
    deepStrictEqual(reader.heldBytes, 0);
  });
  t.notThrows(() => fc.assert(holds, { numRuns: 100 }));
});
