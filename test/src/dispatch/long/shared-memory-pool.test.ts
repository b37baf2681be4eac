/** The memory of long requests is used again where that fits, and not kept without end. */
import test from 'ava';
import { createSharedMemoryPool } from '../../../../src/dispatch/long/shared-memory-pool.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

test('there is at least as much as was asked for', (t) => {
  const memory = createSharedMemoryPool();
  for (const bytes of [1, 64 * KIB, 64 * KIB + 1, MIB + 4]) t.true(memory.allocate(bytes).byteLength >= bytes);
});

test('what was given back is used again for what is about as long', (t) => {
  const memory = createSharedMemoryPool();
  const range = memory.allocate(MIB);
  memory.release(range);
  t.is(memory.allocate(MIB - 100), range);
  t.not(memory.allocate(MIB), range, 'it is somebody else’s now');
});

test('it is not used for what is longer, or much shorter', (t) => {
  const memory = createSharedMemoryPool();
  const range = memory.allocate(MIB);
  memory.release(range);
  t.not(memory.allocate(MIB + 64 * KIB), range);
  t.not(memory.allocate(100 * KIB), range);
  t.is(memory.allocate(MIB), range);
});

test('of what is given back, 16 MiB are kept', (t) => {
  const memory = createSharedMemoryPool();
  const ranges = new Set(Array.from({ length: 20 }, () => memory.allocate(MIB)));
  for (const range of ranges) memory.release(range);
  const again = Array.from({ length: 20 }, () => memory.allocate(MIB));
  t.is(again.filter((range) => ranges.has(range)).length, 16);
});
