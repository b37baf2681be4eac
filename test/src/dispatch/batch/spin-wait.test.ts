/** The spin wait follows short batches for a moment; it does not follow long ones, and does not run on one processor. */
import { setImmediate as turn } from 'node:timers/promises';
import test from 'ava';
import type { InFlightBatch } from '../../../../src/dispatch/batch/in-flight-batch.ts';
import { createSpinWait } from '../../../../src/dispatch/batch/spin-wait.ts';

/** Has only the members that the spin wait uses. */
function inFlightOf(frames: number, isFinished: () => boolean): InFlightBatch {
  return { frames, isFinished } as unknown as InFlightBatch;
}

test('a short batch is collected as soon as it is finished, without a message from its thread', async (t) => {
  let finished = false;
  const inFlight = inFlightOf(1, () => finished);
  const inFlightBatches = new Set([inFlight]);
  const collected: InFlightBatch[] = [];
  const spinWait = createSpinWait(inFlightBatches, (each) => collected.push(each), 2);
  spinWait.follow(inFlight, 1);
  finished = true;
  await turn();
  t.deepEqual(collected, [inFlight]);
  await turn();
  t.is(collected.length, 1, 'without an open batch the checks end');
});

test('a long batch is left to its message', async (t) => {
  let checks = 0;
  const count = (): boolean => {
    checks += 1;
    return false;
  };
  const [expensive, large, single] = [inFlightOf(1, count), inFlightOf(17, count), inFlightOf(1, count)];
  const fail = (): void => t.fail();
  createSpinWait(new Set([expensive]), fail, 2).follow(expensive, 51);
  createSpinWait(new Set([large]), fail, 2).follow(large, 1);
  createSpinWait(new Set([single]), fail, 1).follow(single, 1);
  await turn();
  t.is(checks, 0);
});

test('the checks end by themselves, and at once when they are stopped', async (t) => {
  let checks = 0;
  const inFlight = inFlightOf(1, () => {
    checks += 1;
    return false;
  });
  const spinWait = createSpinWait(new Set([inFlight]), () => t.fail(), 2);
  spinWait.follow(inFlight, 1);
  let before = -1;
  while (checks !== before) {
    before = checks;
    await turn();
    await turn();
  }
  t.true(checks > 0);
  spinWait.follow(inFlight, 1);
  spinWait.stop();
  const seen = checks;
  await turn();
  t.is(checks, seen);
});
