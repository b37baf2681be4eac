/** Short batches are looked after without sleeping, for a moment; long ones, and those on one processor, are not. */
import { setImmediate as turn } from 'node:timers/promises';
import test from 'ava';
import type { Flight } from '../../../../src/dispatch/batch/in-flight-batch.ts';
import { createSpin } from '../../../../src/dispatch/batch/spin-wait.ts';

/** Only what is asked of a flight here. */
function flightOf(frames: number, isFinished: () => boolean): Flight {
  return { frames, isFinished } as unknown as Flight;
}

test('a short batch is collected as soon as it is finished, without a message from its thread', async (t) => {
  let finished = false;
  const flight = flightOf(1, () => finished);
  const flights = new Set([flight]);
  const collected: Flight[] = [];
  const spin = createSpin(flights, (each) => collected.push(each), 2);
  spin.follow(flight, 1);
  finished = true;
  await turn();
  t.deepEqual(collected, [flight]);
  await turn();
  t.is(collected.length, 1, 'with nothing open nobody looks any more');
});

test('what takes long is left to its message', async (t) => {
  let looks = 0;
  const count = (): boolean => {
    looks += 1;
    return false;
  };
  const [expensive, large, single] = [flightOf(1, count), flightOf(17, count), flightOf(1, count)];
  const fail = (): void => t.fail();
  createSpin(new Set([expensive]), fail, 2).follow(expensive, 51);
  createSpin(new Set([large]), fail, 2).follow(large, 1);
  createSpin(new Set([single]), fail, 1).follow(single, 1);
  await turn();
  t.is(looks, 0);
});

test('the looking ends by itself, and at once when it is stopped', async (t) => {
  let looks = 0;
  const flight = flightOf(1, () => {
    looks += 1;
    return false;
  });
  const spin = createSpin(new Set([flight]), () => t.fail(), 2);
  spin.follow(flight, 1);
  let before = -1;
  while (looks !== before) {
    before = looks;
    await turn();
    await turn();
  }
  t.true(looks > 0);
  spin.follow(flight, 1);
  spin.stop();
  const seen = looks;
  await turn();
  t.is(looks, seen);
});
