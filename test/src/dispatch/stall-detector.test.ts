/** The stall detector finds work without progress, while there is work to check. */
import { EventEmitter, once } from 'node:events';
import test from 'ava';
import { createStallDetector } from '../../../src/dispatch/stall-detector.ts';

test('work without progress is reported, and other work is not', async (t) => {
  const events = new EventEmitter();
  const [stuck, fine] = [{ isStuck: () => true }, { isStuck: () => false }];
  const stallDetector = createStallDetector(new Set([fine, stuck]), (inFlight) => events.emit('stuck', inFlight));
  const received = once(events, 'stuck');
  stallDetector.start();
  t.deepEqual((await received)[0] === stuck, true);
  stallDetector.stop();
});

test('the checks go on while there is work to check, and start again on request', async (t) => {
  const checks = new EventEmitter();
  const inFlightBatches = new Set<{ isStuck(): boolean }>();
  const stallDetector = createStallDetector(inFlightBatches, () => undefined);
  for (let times = 0; times < 2; times += 1) {
    const inFlight = {
      isStuck(): boolean {
        inFlightBatches.delete(inFlight);
        return checks.emit('check');
      },
    };
    inFlightBatches.add(inFlight);
    const checked = once(checks, 'check');
    stallDetector.start();
    await checked;
  }
  stallDetector.stop();
  t.pass();
});

test('where work usually takes longer, the checks are as rare, up to a limit', async (t) => {
  const checksIn = async (usualMs: number): Promise<number> => {
    let checks = 0;
    const isStuck = (): boolean => {
      checks += 1;
      return false;
    };
    const stallDetector = createStallDetector(
      new Set([{ isStuck }]),
      () => undefined,
      () => usualMs,
    );
    // Timers of 1, 4 and 40 ms that start at the same time fire in this order, however slow the machine is.
    stallDetector.start();
    await new Promise((resolve) => setTimeout(resolve, 40));
    stallDetector.stop();
    return checks;
  };
  t.true((await checksIn(0)) >= 1);
  t.true((await checksIn(1_000)) >= 1, 'it goes on, however long they take');
  t.true((await checksIn(1_000)) <= 11);
});
