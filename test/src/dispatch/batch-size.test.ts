/** How many requests a batch has, by their measured time and by the number of open requests. */
import test from 'ava';
import { createBatchSize } from '../../../src/dispatch/batch-size.ts';
import { MAX_FRAMES } from '../../../workers/slot.ts';

/** The size after many requests that took so long each. */
function sizeFor(us: number, share: number): number {
  const { limit, learn } = createBatchSize(false, () => share);
  for (let times = 0; times < 100; times += 1) learn(0.999 * us, 1);
  return limit();
}

test('a batch keeps its thread busy for a millisecond', (t) => {
  t.deepEqual(
    [0.1, 10, 100, 400, 1_000, 50_000].map((us) => sizeFor(us, 1)),
    [MAX_FRAMES, 100, 10, 2, 1, 1],
  );
});

test('while every thread has its share all the same, it may be four milliseconds', (t) => {
  t.deepEqual(
    [0.1, 10, 100, 400, 1_000, 3_000, 5_000].map((us) => sizeFor(us, 1_000)),
    [MAX_FRAMES, 400, 40, 10, 4, 1, 1],
  );
});

test('no thread goes without work for the batch of another one', (t) => {
  // Two threads, two batches each: 16 requests are 4 for each batch, 4 are 1, and 256 are 64.
  t.deepEqual(
    [0.25, 1, 2, 4, 64].map((share) => sizeFor(1_000, share)),
    [1, 1, 2, 4, 4],
  );
  t.is(sizeFor(10, 64), 100, 'short requests make a batch of a millisecond, whatever the share');
});

test('until the first measurement, each request may be a batch of its own', (t) => {
  const { limit, learn } = createBatchSize(true, () => 1_000);
  t.is(limit(), 1);
  learn(10, 1);
  t.true(limit() > 1);
});
