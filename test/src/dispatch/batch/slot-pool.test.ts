/** A slot is free when no worker has it and no reply retains it, and is free only once. */
import { deepStrictEqual, ok } from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { createSlotPool, type SlotPool } from '../../../../src/dispatch/batch/slot-pool.ts';
import type { Slot } from '../../../../workers/slot.ts';

/** The tests need only the index of a slot. */
const slotsOf = (count: number): Slot[] => Array.from({ length: count }, (_unused, index) => ({ index }) as Slot);

function takeAll(free: SlotPool): number[] {
  const taken: number[] = [];
  for (let slot = free.take(); slot !== undefined; slot = free.take()) taken.push(slot.index);
  return taken.sort((a, b) => a - b);
}

test('the slot that was released last is taken first: its memory is mapped already', (t) => {
  const free = createSlotPool(slotsOf(3));
  const [one, two] = [free.take() as Slot, free.take() as Slot];
  free.release(two);
  free.release(one);
  t.is(free.take(), one);
});

test('a retained slot is free when every reply that retains it has released it', (t) => {
  const free = createSlotPool(slotsOf(4));
  const slot = free.take() as Slot;
  const [first, second] = [free.retainerOf(slot)?.(), free.retainerOf(slot)?.()];
  free.release(slot);
  first?.();
  first?.();
  t.deepEqual(takeAll(free).includes(slot.index), false, 'a second release by the same reply does not count');
  second?.();
  t.is(free.take(), slot);
});

test('a reply may release a slot before its worker does', (t) => {
  const free = createSlotPool(slotsOf(4));
  const slot = free.take() as Slot;
  free.retainerOf(slot)?.()();
  takeAll(free);
  t.is(free.take(), undefined);
  free.release(slot);
  t.is(free.take(), slot);
});

test('at most a quarter of the slots is retained; a retained slot can be retained again', (t) => {
  const free = createSlotPool(slotsOf(8));
  const slots = [free.take(), free.take(), free.take()] as [Slot, Slot, Slot];
  const release = free.retainerOf(slots[0])?.();
  free.retainerOf(slots[1])?.();
  t.deepEqual([typeof free.retainerOf(slots[0]), free.retainerOf(slots[2])], ['function', undefined]);
  release?.();
  t.is(typeof free.retainerOf(slots[2]), 'function');
});

test('retaining and releasing in any order frees no slot twice and loses none', (t) => {
  const anySteps = fc.array(
    fc.record({ do: fc.constantFrom('take', 'release', 'retain', 'release retained'), nth: fc.nat() }),
    {
      maxLength: 200,
    },
  );
  const holds = fc.property(anySteps, (steps) => {
    const all = slotsOf(8);
    const free = createSlotPool(all);
    const taken: Slot[] = [];
    const retained: (() => void)[] = [];
    for (const step of steps) {
      if (step.do === 'take') {
        const slot = free.take();
        ok(slot === undefined || !taken.includes(slot));
        if (slot !== undefined) taken.push(slot);
      } else if (step.do === 'release' && taken.length > 0) {
        free.release(taken.splice(step.nth % taken.length, 1)[0] as Slot);
      } else if (step.do === 'retain' && taken.length > 0) {
        const retain = free.retainerOf(taken[step.nth % taken.length] as Slot);
        if (retain !== undefined) retained.push(retain());
      } else if (step.do === 'release retained' && retained.length > 0) {
        retained.splice(step.nth % retained.length, 1)[0]?.();
      }
    }
    for (const release of retained) release();
    for (const slot of taken) free.release(slot);
    deepStrictEqual(
      takeAll(free),
      all.map(({ index }) => index),
    );
  });
  t.notThrows(() => fc.assert(holds, { numRuns: 300 }));
});
