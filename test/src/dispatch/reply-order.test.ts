/** Whatever the order in which replies are ready, they are handed on in that of the places. */
import { deepStrictEqual } from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { createReplyOrder, type Settle } from '../../../src/dispatch/reply-order.ts';

function collect(): { handedOn: number[]; reserve: () => Settle<number> } {
  const handedOn: number[] = [];
  return { handedOn, reserve: createReplyOrder<number>((reply) => handedOn.push(reply)).reserve };
}

test('a reply waits for those before it', (t) => {
  const { handedOn, reserve } = collect();
  const [first, second, third] = [reserve(), reserve(), reserve()];
  third(3);
  second(2);
  t.deepEqual(handedOn, []);
  first(1);
  t.deepEqual(handedOn, [1, 2, 3]);
});

test('a reply that has its turn does not wait for those behind it', (t) => {
  const { handedOn, reserve } = collect();
  const first = reserve();
  reserve();
  first(1);
  t.deepEqual(handedOn, [1]);
});

test('a reply at once passes those before it, and frees its place', (t) => {
  const { handedOn, reserve } = collect();
  const [first, second, third] = [reserve(), reserve(), reserve()];
  second(2, { atOnce: true });
  t.deepEqual(handedOn, [2]);
  third(3);
  first(1);
  t.deepEqual(handedOn, [2, 1, 3]);
});

test('a place that is freed at once lets those behind it through', (t) => {
  const { handedOn, reserve } = collect();
  const [first, second] = [reserve(), reserve()];
  second(2);
  first(1, { atOnce: true });
  t.deepEqual(handedOn, [1, 2]);
});

test('handing a reply on may settle other places', (t) => {
  const handedOn: number[] = [];
  const order = createReplyOrder<number>((reply) => {
    handedOn.push(reply);
    if (reply === 1) second(2);
  });
  const first = order.reserve();
  const second = order.reserve();
  const third = order.reserve();
  third(3);
  first(1);
  t.deepEqual(handedOn, [1, 2, 3]);
});

test('handing a reply on may take another place', (t) => {
  const handedOn: number[] = [];
  const order = createReplyOrder<number>((reply) => {
    handedOn.push(reply);
    if (reply === 1) order.reserve()(3);
  });
  const [first, second] = [order.reserve(), order.reserve()];
  first(1);
  t.deepEqual(handedOn, [1]);
  second(2);
  t.deepEqual(handedOn, [1, 2, 3]);
});

test('a reply may be undefined', (t) => {
  const handedOn: unknown[] = [];
  createReplyOrder<undefined>((reply) => handedOn.push(reply)).reserve()(undefined);
  t.deepEqual(handedOn, [undefined]);
});

/** Either a place is taken, or one of those that wait is settled. */
type Step = { take: true } | { take: false; which: number; atOnce: boolean };
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  fc.constant({ take: true } as const),
  fc.record({ take: fc.constant(false as const), which: fc.nat(), atOnce: fc.boolean() }),
);

test('in any order of settling, each reply is handed on once and as soon as it may be', (t) => {
  const inOrder = fc.property(fc.array(anyStep, { maxLength: 60 }), (steps) => {
    const { handedOn, reserve } = collect();
    const waiting = new Map<number, Settle<number>>();
    let places = 0;
    const held = new Set<number>();
    const expected: number[] = [];
    for (const step of steps) {
      if (step.take) {
        waiting.set(places, reserve());
        places += 1;
        continue;
      }
      const place = [...waiting.keys()][step.which % waiting.size];
      if (place === undefined) continue;
      waiting.get(place)?.(place, { atOnce: step.atOnce });
      waiting.delete(place);
      if (step.atOnce) expected.push(place);
      else held.add(place);
      const firstWaiting = Math.min(places, ...waiting.keys());
      for (const ready of [...held].sort((a, b) => a - b).filter((index) => index < firstWaiting)) {
        expected.push(ready);
        held.delete(ready);
      }
      deepStrictEqual(handedOn, expected);
    }
  });
  t.notThrows(() => fc.assert(inOrder, { numRuns: 1000 }));
});
