/** What is due comes in the order of its time, and a check reads nothing else. */
import { deepStrictEqual } from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { DueHeap } from '../../../../src/dispatch/cancel/due-heap.ts';

test('in any order of additions and checks, what is due comes once, the earliest first, and nothing else comes', (t) => {
  const anySteps = fc.array(fc.oneof(fc.record({ add: fc.nat(50) }), fc.record({ until: fc.nat(50) })), {
    maxLength: 200,
  });
  const inOrder = fc.property(anySteps, (steps) => {
    const heap = new DueHeap<{ checkAt: number; isOver: boolean }>();
    let times: number[] = [];
    for (const step of steps) {
      if ('add' in step) {
        heap.add({ checkAt: step.add, isOver: false });
        times.push(step.add);
        continue;
      }
      const found: number[] = [];
      for (let due = heap.takeDue(step.until); due !== undefined; due = heap.takeDue(step.until))
        found.push(due.checkAt);
      deepStrictEqual(
        found,
        times.filter((at) => at <= step.until).sort((a, b) => a - b),
      );
      times = times.filter((at) => at > step.until);
      deepStrictEqual(heap.size, times.length);
    }
  });
  t.notThrows(() => fc.assert(inOrder, { numRuns: 300 }));
});

test('a check reads one time when nothing is due', (t) => {
  const heap = new DueHeap();
  let reads = 0;
  for (let nth = 0; nth < 1000; nth += 1) {
    heap.add({
      get checkAt() {
        reads += 1;
        return 100 + nth;
      },
      isOver: false,
    });
  }
  reads = 0;
  t.is(heap.takeDue(50), undefined);
  t.is(reads, 1);
});

test('what is over does not collect, however far away its time is', (t) => {
  const heap = new DueHeap();
  for (let nth = 0; nth < 100_000; nth += 1) heap.add({ checkAt: 1e9 + nth, isOver: nth !== 7 });
  t.true(heap.size <= 1024);
  const open: number[] = [];
  for (let due = heap.takeDue(2e9); due !== undefined; due = heap.takeDue(2e9)) if (!due.isOver) open.push(due.checkAt);
  t.deepEqual(open, [1e9 + 7]);
});
