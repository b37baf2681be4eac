/** The spin wait follows short batches for a moment; it does not follow long ones, and does not run on one processor. */
import { setImmediate as turn } from 'node:timers/promises';
import test from 'ava';
import { createSpinWait } from '../../../src/dispatch/spin-wait.ts';

type Work = { isFinished(): boolean };

test('a short batch is collected as soon as it is finished, without a message from its thread', async (t) => {
  let finished = false;
  const inFlight = { isFinished: () => finished };
  const inFlightBatches = new Set([inFlight]);
  const collected: Work[] = [];
  const spinWait = createSpinWait(inFlightBatches, (each) => collected.push(each), 2);
  spinWait.follow(1, 1);
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
  const work = new Set([{ isFinished: count }]);
  const fail = (): void => t.fail();
  createSpinWait(work, fail, 2).follow(1, 51);
  createSpinWait(work, fail, 2).follow(17, 1);
  createSpinWait(work, fail, 1).follow(1, 1);
  await turn();
  t.is(checks, 0);
});

test('the checks end by themselves, and at once when they are stopped', async (t) => {
  let checks = 0;
  const inFlight = {
    isFinished(): boolean {
      checks += 1;
      return false;
    },
  };
  const spinWait = createSpinWait(new Set([inFlight]), () => t.fail(), 2);
  spinWait.follow(1, 1);
  let before = -1;
  while (checks !== before) {
    before = checks;
    await turn();
    await turn();
  }
  t.true(checks > 0);
  spinWait.follow(1, 1);
  spinWait.stop();
  const seen = checks;
  await turn();
  t.is(checks, seen);
});
