/** The memory of long requests is used again where it fits; a limited part of it is retained; all of it is counted. */
import test from 'ava';
import { createSharedMemoryPool, type SharedMemoryPool } from '../../../../src/dispatch/long/shared-memory-pool.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

type Rig = { memory: SharedMemoryPool; counted: { long: number; spare: number }; collections: () => number };

function createRig(maxBytes = 256 * MIB): Rig {
  const counted = { long: 0, spare: 0 };
  let collections = 0;
  const memory = createSharedMemoryPool({
    count(kind, bytes) {
      counted[kind] += bytes;
    },
    collect() {
      collections += 1;
    },
    maxBytes,
  });
  return { memory, counted, collections: () => collections };
}

test('at least the requested number of bytes is allocated', (t) => {
  const { memory } = createRig();
  for (const bytes of [1, 64 * KIB, 64 * KIB + 1, MIB + 4]) t.true(memory.allocate(bytes).byteLength >= bytes);
});

test('released memory is used again for requests of about the same length', (t) => {
  const { memory } = createRig();
  const range = memory.allocate(MIB);
  memory.recycle(range);
  t.is(memory.allocate(MIB - 100), range);
  t.not(memory.allocate(MIB), range, 'the range is in use');
});

test('released memory is not used for longer or much shorter requests', (t) => {
  const { memory } = createRig();
  const range = memory.allocate(MIB);
  memory.recycle(range);
  t.not(memory.allocate(MIB + 64 * KIB), range);
  t.not(memory.allocate(100 * KIB), range);
  t.is(memory.allocate(MIB), range);
});

test('16 MiB of the released memory are retained', (t) => {
  const { memory, counted } = createRig();
  const ranges = new Set(Array.from({ length: 20 }, () => memory.allocate(MIB)));
  for (const range of ranges) memory.recycle(range);
  t.is(counted.spare, 16 * MIB);
  const again = Array.from({ length: 20 }, () => memory.allocate(MIB));
  t.is(again.filter((range) => ranges.has(range)).length, 16);
  t.is(counted.spare, 0);
});

test('memory counts while a request has it, and while it is retained', (t) => {
  const { memory, counted } = createRig();
  const [one, other] = [memory.allocate(MIB), memory.allocate(2 * MIB)];
  memory.use(one);
  memory.use(other);
  t.deepEqual(counted, { long: 3 * MIB, spare: 0 });
  memory.forget(one);
  memory.release(other);
  t.deepEqual(counted, { long: 0, spare: 2 * MIB });
  t.not(memory.allocate(MIB), one, 'a thread may still write to it');
  memory.trim();
  t.deepEqual(counted, { long: 0, spare: 0 });
});

test('V8 is told to collect memory each time that 32 MiB of it are dropped', (t) => {
  const { memory, collections } = createRig(0);
  for (let index = 0; index < 31; index += 1) memory.recycle(memory.allocate(MIB));
  t.is(collections(), 0);
  memory.recycle(memory.allocate(MIB));
  t.is(collections(), 1);
  memory.recycle(memory.allocate(32 * MIB));
  t.is(collections(), 2);
});
