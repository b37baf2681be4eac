/** A queue with two ends behaves as an array does. */
import { deepStrictEqual } from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { Deque } from '../../../src/dispatch/deque.ts';

type Step = 'push' | 'unshift' | 'shift' | 'keep' | 'clear';

test('after any steps, it has the items of an array after these steps', (t) => {
  const anySteps = fc.array(
    fc.oneof(
      { weight: 5, arbitrary: fc.constantFrom<Step>('push', 'unshift') },
      { weight: 4, arbitrary: fc.constant<Step>('shift') },
      { weight: 1, arbitrary: fc.constantFrom<Step>('keep', 'clear') },
    ),
    { maxLength: 200 },
  );
  const same = fc.property(anySteps, (steps) => {
    const deque = new Deque<number>();
    let array: number[] = [];
    for (const [nth, step] of steps.entries()) {
      if (step === 'keep') {
        deque.keep((item) => item % 3 > 0);
        array = array.filter((item) => item % 3 > 0);
      } else if (step === 'clear') {
        deque.clear();
        array = [];
      } else if (step === 'shift') deepStrictEqual(deque.shift(), array.shift());
      else {
        deque[step](nth);
        array[step](nth);
      }
      deepStrictEqual([[...deque], deque.length, deque.first], [array, array.length, array[0]]);
    }
  });
  t.notThrows(() => fc.assert(same, { numRuns: 300 }));
});
