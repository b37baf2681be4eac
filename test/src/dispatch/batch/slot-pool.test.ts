/** A slot is free when no worker has it and no reply is being written from it, and never twice. */
import { deepStrictEqual, ok } from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { createSlotPool, type SlotPool } from '../../../../src/dispatch/batch/slot-pool.ts';
import type { Slot } from '../../../../workers/slot.ts';

/** Only which one it is matters here. */
const slotsOf = (count: number): Slot[] => Array.from({ length: count }, (_unused, index) => ({ index }) as Slot);

function takeAll(free: SlotPool): number[] {
  const taken: number[] = [];
  for (let slot = free.take(); slot !== undefined; slot = free.take()) taken.push(slot.index);
  return taken.sort((a, b) => a - b);
}

test('the slot that was given back last is taken first: its memory is there already', (t) => {
  const free = createSlotPool(slotsOf(3));
  const [one, two] = [free.take() as Slot, free.take() as Slot];
  free.release(two);
  free.release(one);
  t.is(free.take(), one);
});

test('a slot that is kept is free when all that keep it have given it back', (t) => {
  const free = createSlotPool(slotsOf(4));
  const slot = free.take() as Slot;
  const [first, second] = [free.retainerOf(slot)?.(), free.retainerOf(slot)?.()];
  free.release(slot);
  first?.();
  first?.();
  t.deepEqual(takeAll(free).includes(slot.index), false, 'given back twice counts once');
  second?.();
  t.is(free.take(), slot);
});

test('what keeps a slot may be done before its worker is', (t) => {
  const free = createSlotPool(slotsOf(4));
  const slot = free.take() as Slot;
  free.retainerOf(slot)?.()();
  takeAll(free);
  t.is(free.take(), undefined);
  free.release(slot);
  t.is(free.take(), slot);
});

test('no more than a quarter of the slots can be kept; one that is, can be kept again', (t) => {
  const free = createSlotPool(slotsOf(8));
  const slots = [free.take(), free.take(), free.take()] as [Slot, Slot, Slot];
  const release = free.retainerOf(slots[0])?.();
  free.retainerOf(slots[1])?.();
  t.deepEqual([typeof free.retainerOf(slots[0]), free.retainerOf(slots[2])], ['function', undefined]);
  release?.();
  t.is(typeof free.retainerOf(slots[2]), 'function');
});

test('whatever is kept and given back, in any order, no slot is free twice or lost', (t) => {
  const anySteps = fc.array(fc.record({ do: fc.constantFrom('take', 'release', 'keep', 'let go'), nth: fc.nat() }), {
    maxLength: 200,
  });
  const holds = fc.property(anySteps, (steps) => {
    const all = slotsOf(8);
    const free = createSlotPool(all);
    const taken: Slot[] = [];
    const keeping: (() => void)[] = [];
    for (const step of steps) {
      if (step.do === 'take') {
        const slot = free.take();
        ok(slot === undefined || !taken.includes(slot));
        if (slot !== undefined) taken.push(slot);
      } else if (step.do === 'release' && taken.length > 0) {
        free.release(taken.splice(step.nth % taken.length, 1)[0] as Slot);
      } else if (step.do === 'keep' && taken.length > 0) {
        const retain = free.retainerOf(taken[step.nth % taken.length] as Slot);
        if (retain !== undefined) keeping.push(retain());
      } else if (step.do === 'let go' && keeping.length > 0) {
        keeping.splice(step.nth % keeping.length, 1)[0]?.();
      }
    }
    for (const release of keeping) release();
    for (const slot of taken) free.release(slot);
    deepStrictEqual(
      takeAll(free),
      all.map(({ index }) => index),
    );
  });
  t.notThrows(() => fc.assert(holds, { numRuns: 300 }));
});
