/** The memory of long requests is used again where it fits, and a limited part of it is retained. */
import test from 'ava';
import { createSharedMemoryPool } from '../../../../src/dispatch/long/shared-memory-pool.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

test('at least the requested number of bytes is allocated', (t) => {
  const memory = createSharedMemoryPool();
  for (const bytes of [1, 64 * KIB, 64 * KIB + 1, MIB + 4]) t.true(memory.allocate(bytes).byteLength >= bytes);
});

test('released memory is used again for requests of about the same length', (t) => {
  const memory = createSharedMemoryPool();
  const range = memory.allocate(MIB);
  memory.release(range);
  t.is(memory.allocate(MIB - 100), range);
  t.not(memory.allocate(MIB), range, 'the range is in use');
});

test('released memory is not used for longer or much shorter requests', (t) => {
  const memory = createSharedMemoryPool();
  const range = memory.allocate(MIB);
  memory.release(range);
  t.not(memory.allocate(MIB + 64 * KIB), range);
  t.not(memory.allocate(100 * KIB), range);
  t.is(memory.allocate(MIB), range);
});

test('16 MiB of the released memory are retained', (t) => {
  const memory = createSharedMemoryPool();
  const ranges = new Set(Array.from({ length: 20 }, () => memory.allocate(MIB)));
  for (const range of ranges) memory.release(range);
  const again = Array.from({ length: 20 }, () => memory.allocate(MIB));
  t.is(again.filter((range) => ranges.has(range)).length, 16);
});
