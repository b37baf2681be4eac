/** How requests are put into batches, wait for a slot, and are taken in order. */
import { deepStrictEqual, ok } from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import type { Batch } from '../../../../src/dispatch/batch/batch.ts';
import { type Batcher, createBatcher } from '../../../../src/dispatch/batch/batcher.ts';
import { createSlotPool, type SlotPool } from '../../../../src/dispatch/batch/slot-pool.ts';
import { FrameRange, takeRangesAfter } from '../../../../src/dispatch/connection/frame-range.ts';
import { createReplyQueue } from '../../../../src/dispatch/connection/reply-queue.ts';
import { cursorOf, limitOf } from '../../../../workers/control-word.ts';
import { INPUT_BYTES, MAX_FRAMES, PENDING, SLOT_BYTES, type Slot, slotsOf } from '../../../../workers/slot.ts';
import { runOf, textsOf } from '../../../helpers/dispatch-bench.ts';
import { ANY_TIME, replyQueueOptions } from '../../../helpers/reply-queue-options.ts';

const SINK = {
  send: () => undefined,
  fail: () => undefined,
  settled: () => undefined,
  balance: () => undefined,
  sendPart: () => undefined,
  isWriteBlocked: () => false,
  onFault: () => undefined,
};
const replyQueue = createReplyQueue(SINK, replyQueueOptions(false));
// It has had short replies, so that their expected length limits no batch.
for (let times = 0; times < 20; times += 1) {
  replyQueue.settle(replyQueue.open(10, 0, ANY_TIME), 0, 10, { frames: runOf(...Array<string>(10).fill('')) });
}

const slotsFor = (count: number): Slot[] => slotsOf(new SharedArrayBuffer(count * SLOT_BYTES));

function rangeOf(texts: readonly string[]): [FrameRange, Buffer] {
  const bytes = runOf(...texts);
  const group = replyQueue.open(texts.length, bytes.length, ANY_TIME);
  return [new FrameRange(replyQueue, group, 0, texts.length), bytes];
}

function add(batcher: Batcher, ...texts: string[]): void {
  const [range, bytes] = rangeOf(texts);
  batcher.add(range, bytes);
  bytes.fill(0xff);
}

const textsIn = ({ slot, inputEnd }: Batch): string[] => textsOf(slot.input.subarray(0, inputEnd));

/** Takes all batches and releases their slots; returns the requests of each batch. */
function drain(batcher: Rig): string[][] {
  const batches: string[][] = [];
  for (let batch = batcher.take(); batch !== undefined; batch = batcher.take()) {
    batches.push(textsIn(batch));
    batcher.release(batch.slot);
  }
  return batches;
}

type Rig = Batcher & Pick<SlotPool, 'release'>;

function rigWith(slots: readonly Slot[]): Rig {
  const free = createSlotPool(slots);
  return Object.assign(createBatcher(free), { release: free.release });
}

/** For tests that do not depend on the time that requests take. */
function fastBatcher(slots: readonly Slot[]): Rig {
  const batcher = rigWith(slots);
  for (let times = 0; times < 100; times += 1) batcher.learn(0.001, 1);
  return batcher;
}

test('requests that were added are one batch, ready to start', (t) => {
  const batcher = fastBatcher(slotsFor(2));
  add(batcher, 'a', 'b');
  add(batcher, 'c');
  const batch = batcher.take() as Batch;
  const word = Atomics.load(batch.slot.control.words, batch.slot.control.index);
  t.deepEqual([textsIn(batch), batch.frames, batch.ranges.map(({ count }) => count)], [['a', 'b', 'c'], 3, [2, 1]]);
  t.deepEqual([cursorOf(word), limitOf(word), batch.slot.ticket, batch.slot.thread], [0, 3, batch.ticket, 0]);
  t.deepEqual([...batch.slot.states.subarray(0, 3)], [PENDING, PENDING, PENDING]);
  t.is(batcher.take(), undefined);
});

test('each use of a slot has its own ticket', (t) => {
  const [batcher, tickets] = [fastBatcher(slotsFor(1)), new Set<number>()];
  for (let use = 0; use < 10; use += 1) {
    add(batcher, 'a');
    const batch = batcher.take() as Batch;
    tickets.add(batch.ticket);
    batcher.release(batch.slot);
  }
  t.is(tickets.size, 10);
});

test('requests without a free slot wait for one', (t) => {
  const batcher = fastBatcher(slotsFor(1));
  add(batcher, 'a');
  const batch = batcher.take() as Batch;
  add(batcher, 'b');
  add(batcher, 'c');
  t.is(batcher.take(), undefined);
  batcher.release(batch.slot);
  t.deepEqual(drain(batcher), [['b', 'c']]);
});

test('requests that were put back go before all waiting requests', (t) => {
  const batcher = fastBatcher(slotsFor(1));
  add(batcher, 'a', 'b', 'c');
  const { slot, ranges } = batcher.take() as Batch;
  add(batcher, 'd');
  const [range] = ranges as [FrameRange];
  batcher.putBack([range.takeAfter(1)], runOf('b', 'c'));
  batcher.release(slot);
  const next = batcher.take() as Batch;
  t.deepEqual(textsIn(next), ['b', 'c', 'd']);
  t.deepEqual(
    next.ranges.map(({ group, first, count }) => [group === range.group, first, count]),
    [
      [true, 1, 2],
      [false, 0, 1],
    ],
  );
});

test('a batch has at most as many frames as a slot can count', (t) => {
  const batcher = fastBatcher(slotsFor(2));
  add(batcher, ...Array<string>(MAX_FRAMES + 1).fill(''));
  t.deepEqual(
    drain(batcher).map(({ length }) => length),
    [MAX_FRAMES, 1],
  );
});

test('a batch has at most as many bytes as its slot, and may fill the slot', (t) => {
  const batcher = fastBatcher(slotsFor(2));
  const half = 'x'.repeat(INPUT_BYTES / 2 - 4);
  add(batcher, half, half, 'y');
  t.deepEqual(
    drain(batcher).map((texts) => texts.map(({ length }) => length)),
    [[half.length, half.length], [1]],
  );
});

test('the longer requests take, the fewer share a batch; a batch has at least one', (t) => {
  const sizes = [1.001, 99, 100_000].map((us) => {
    const batcher = rigWith(slotsFor(1));
    for (let times = 0; times < 100; times += 1) batcher.learn(us, 1);
    add(batcher, ...Array<string>(1000).fill('x'));
    return batcher.take()?.frames;
  });
  t.deepEqual(sizes, [999, 10, 1]);
});

test('adding, putting back and releasing in any order loses, repeats and reorders no request', (t) => {
  const anySteps = fc.array(
    fc.oneof(
      fc.record({ sizes: fc.array(fc.oneof(fc.nat(50), fc.nat(100_000)), { minLength: 1, maxLength: 8 }) }),
      fc.record({ start: fc.nat(6) }),
    ),
    { maxLength: 40 },
  );
  const retained = fc.property(anySteps, (steps) => {
    const batcher = fastBatcher(slotsFor(2));
    const started: string[] = [];
    let last = 0;
    const run = (maxFrames: number): boolean => {
      const batch = batcher.take();
      if (batch === undefined) return false;
      ok(batch.inputEnd <= INPUT_BYTES && batch.frames <= MAX_FRAMES && batch.frames > 0);
      const texts = textsIn(batch);
      deepStrictEqual(texts.length, batch.frames);
      started.push(...texts.slice(0, maxFrames).map((text) => text.split(':')[0] as string));
      batcher.putBack(takeRangesAfter(batch.ranges, maxFrames), runOf(...texts.slice(maxFrames)));
      batcher.release(batch.slot);
      return true;
    };
    for (const step of steps) {
      if ('start' in step) run(step.start);
      else add(batcher, ...step.sizes.map((size) => `${last++}:${'x'.repeat(size)}`));
    }
    while (run(MAX_FRAMES));
    deepStrictEqual(
      started.map(Number).sort((a, b) => a - b),
      [...Array(last).keys()],
    );
  });
  t.notThrows(() => fc.assert(retained, { numRuns: 200 }));
});
