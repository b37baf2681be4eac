/** Whoever does not get on is found, as long as there is anybody to look at. */
import { EventEmitter, once } from 'node:events';
import test from 'ava';
import { createStallDetector } from '../../../src/dispatch/stall-detector.ts';

test('what does not get on is told of, and what does is not', async (t) => {
  const events = new EventEmitter();
  const [stuck, fine] = [{ isStuck: () => true }, { isStuck: () => false }];
  const stallDetector = createStallDetector(new Set([fine, stuck]), (inFlight) => events.emit('stuck', inFlight));
  const received = once(events, 'stuck');
  stallDetector.start();
  t.deepEqual((await received)[0] === stuck, true);
  stallDetector.stop();
});

test('it looks while there is something to look at, and again when it is started again', async (t) => {
  const checks = new EventEmitter();
  const inFlightBatches = new Set<{ isStuck(): boolean }>();
  const stallDetector = createStallDetector(inFlightBatches, () => undefined);
  for (let times = 0; times < 2; times += 1) {
    const inFlight = {
      isStuck(): boolean {
        inFlightBatches.delete(inFlight);
        return checks.emit('look');
      },
    };
    inFlightBatches.add(inFlight);
    const checked = once(checks, 'look');
    stallDetector.start();
    await checked;
  }
  stallDetector.stop();
  t.pass();
});
