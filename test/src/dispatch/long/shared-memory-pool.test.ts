/** The memory of long requests is used again where that fits, and not kept without end. */
import test from 'ava';
import { createLongMemory } from '../../../../src/dispatch/long/shared-memory-pool.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

test('there is at least as much as was asked for', (t) => {
  const memory = createLongMemory();
  for (const bytes of [1, 64 * KIB, 64 * KIB + 1, MIB + 4]) t.true(memory.allocate(bytes).byteLength >= bytes);
});

test('what was given back is used again for what is about as long', (t) => {
  const memory = createLongMemory();
  const piece = memory.allocate(MIB);
  memory.release(piece);
  t.is(memory.allocate(MIB - 100), piece);
  t.not(memory.allocate(MIB), piece, 'it is somebody else’s now');
});

test('it is not used for what is longer, or much shorter', (t) => {
  const memory = createLongMemory();
  const piece = memory.allocate(MIB);
  memory.release(piece);
  t.not(memory.allocate(MIB + 64 * KIB), piece);
  t.not(memory.allocate(100 * KIB), piece);
  t.is(memory.allocate(MIB), piece);
});

test('of what is given back, 16 MiB are kept', (t) => {
  const memory = createLongMemory();
  const pieces = new Set(Array.from({ length: 20 }, () => memory.allocate(MIB)));
  for (const piece of pieces) memory.release(piece);
  const again = Array.from({ length: 20 }, () => memory.allocate(MIB));
  t.is(again.filter((piece) => pieces.has(piece)).length, 16);
});
