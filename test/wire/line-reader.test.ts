/** Lines become frames, whatever the chunks they come in, and frames become lines again. */
import { deepStrictEqual, ok, throws } from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { encodeTextFrame } from '../../wire/frame.ts';
import type { FrameMemory } from '../../wire/frame-reader.ts';
import { forEachFrame } from '../../wire/frame-walk.ts';
import { createFrameOrLineReader, type FrameOrLineReader, linesOf } from '../../wire/line-reader.ts';

const MEMORY: FrameMemory = { allocate: Buffer.allocUnsafeSlow, recycle: () => undefined };
const limits = (maxFrameBytes: number) => ({ maxFrameBytes, maxRunFrames: Number.POSITIVE_INFINITY });

type Rig = { reader: FrameOrLineReader; texts: string[]; push(bytes: Buffer): void; end(): void };

function createRig(maxFrameBytes = 1_000, mayReadLines = true): Rig {
  const reader = createFrameOrLineReader(limits(maxFrameBytes), MEMORY, mayReadLines);
  const texts: string[] = [];
  const onRun = (run: Buffer, frames: number): void => {
    const before = texts.length;
    forEachFrame(run, (payload) => texts.push(payload.toString()));
    deepStrictEqual(texts.length - before, frames);
  };
  return { reader, texts, push: (bytes) => reader.push(bytes, onRun), end: () => reader.end(onRun) };
}

function chunksOf(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const sorted = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b);
  return sorted.slice(1).map((end, index) => bytes.subarray(sorted[index], end));
}

const LINE = fc.string({ unit: fc.constantFrom('a', '"', '\r', '{', '\u{1f600}', 'ü', '\0'), maxLength: 40 });

test('lines arrive whole and in order, however they are cut; empty ones are left out', (t) => {
  const property = fc.property(fc.array(LINE), fc.array(fc.nat()), fc.boolean(), (lines, cuts, isEnded) => {
    const { reader, texts, push, end } = createRig();
    const all = ['{', ...lines];
    // A socket has no empty chunk.
    for (const chunk of chunksOf(Buffer.from(all.join('\n') + (isEnded ? '\n' : '')), cuts))
      if (chunk.length > 0) push(chunk);
    end();
    const last = all.pop() as string;
    const whole = [...all.map((line) => line.replace(/\r$/, '')), last.replace(/\r$/, '')];
    deepStrictEqual(
      texts,
      whole.filter((line) => line !== ''),
    );
    ok(reader.readsLines);
    deepStrictEqual(reader.heldBytes, 0);
  });
  t.notThrows(() => fc.assert(property, { numRuns: 1_000 }));
});

test('frames become lines', (t) => {
  const property = fc.property(fc.array(LINE), (lines) => {
    const frames = Buffer.concat(lines.map((line) => encodeTextFrame(line)));
    deepStrictEqual(linesOf(frames).toString(), lines.map((line) => `${line}\n`).join(''));
  });
  t.notThrows(() => fc.assert(property, { numRuns: 500 }));
});

test('the first byte decides, and only where it may', (t) => {
  for (const first of ['{', '[']) {
    const lines = createRig();
    lines.push(Buffer.from(`${first}\n`));
    t.deepEqual(lines.texts, [first]);
  }
  for (const first of [' {}\n', '\0\0\0\x01{']) {
    const frames = createRig(0x20_7b7d_0a);
    frames.push(Buffer.from(first));
    t.false(frames.reader.readsLines);
  }
  const forbidden = createRig(1_000, false);
  t.throws(() => forbidden.push(Buffer.from('{}\n{}\n')), { code: 'ERR_LAUNCHPOOL_FRAME_TOO_LARGE' });
  const ambiguous = createRig(0x5b00_0000);
  t.throws(() => ambiguous.push(Buffer.from('{}\n{}\n')), { code: 'ERR_LAUNCHPOOL_FRAME_TOO_LARGE' });
  const longest = createRig(0x5b00_0000 - 1);
  longest.push(Buffer.from('{}\n{}\n'));
  t.deepEqual(longest.texts, ['{}', '{}']);
});

test('a line of the maximum is accepted; a longer one is refused behind those before it, and as soon as it is too long', (t) => {
  const property = fc.property(fc.integer({ min: 1, max: 50 }), fc.array(fc.nat()), (over, cuts) => {
    const { texts, push, reader } = createRig(100);
    const bytes = Buffer.from(`{\n${'x'.repeat(100)}\n${'y'.repeat(100 + over)}`);
    throws(() => {
      for (const chunk of chunksOf(bytes, cuts)) if (chunk.length > 0) push(chunk);
    });
    deepStrictEqual(texts, ['{', 'x'.repeat(100)]);
    deepStrictEqual(reader.heldBytes, 0);
  });
  t.notThrows(() => fc.assert(property, { numRuns: 300 }));
  const late = createRig(100);
  t.throws(() => late.push(Buffer.from(`{\n${'y'.repeat(101)}\n{}\n`)), { code: 'ERR_LAUNCHPOOL_FRAME_TOO_LARGE' });
  t.deepEqual(late.texts, ['{']);
});

test('an unfinished line is held, counted, and dropped on request', (t) => {
  const { reader, push } = createRig();
  push(Buffer.from('{"a":'));
  t.is(reader.heldBytes, 5);
  t.is(reader.announcedBytes, 5);
  t.is(reader.target(), undefined);
  reader.drop();
  t.is(reader.heldBytes, 0);
});
