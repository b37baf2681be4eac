/** When a broken module is loaded again. */
import test from 'ava';
import { createRecovery } from '../../../src/agent/recovery.ts';
import { until } from '../../helpers/until.ts';

const FAST = { minMs: 1, maxMs: 8, isBroken: () => true };

test('a module is loaded again until it loads, once at a time', async (t) => {
  let attempts = 0;
  let underWay = 0;
  const load = async (): Promise<void> => {
    attempts += 1;
    underWay += 1;
    t.is(underWay, 1);
    await undefined;
    underWay -= 1;
    if (attempts < 5) throw new Error('still broken');
  };
  const { start, stop } = createRecovery({ ...FAST, load, isBroken: () => attempts < 5 });
  t.teardown(stop);
  start();
  start();
  await until(() => attempts === 5);
  await new Promise((resolve) => setTimeout(resolve, 30));
  t.is(attempts, 5);
});

test('the delays double up to the longest one, and begin again after a success', async (t) => {
  const delays: number[] = [];
  let isBroken = true;
  const wait = (call: () => void, ms: number): NodeJS.Timeout => {
    delays.push(ms);
    return setTimeout(call, 0);
  };
  const load = (): Promise<void> => (isBroken ? Promise.reject(new Error('broken')) : Promise.resolve());
  const recovery = createRecovery({ load, isBroken: () => isBroken, minMs: 1_000, maxMs: 30_000, wait });
  t.teardown(recovery.stop);
  recovery.start();
  await until(() => delays.length >= 7);
  t.deepEqual(delays.slice(0, 7), [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  isBroken = false;
  recovery.reset();
  recovery.start();
  t.is(delays.at(-1), 1_000);
});

test('nothing is loaded after the stop', async (t) => {
  let attempts = 0;
  const load = async (): Promise<void> => {
    attempts += 1;
  };
  const { start, stop } = createRecovery({ ...FAST, load });
  start();
  stop();
  start();
  await new Promise((resolve) => setTimeout(resolve, 20));
  t.is(attempts, 0);
});

test('after a failed attempt during which a reload has repaired the module, there is no further one', async (t) => {
  const due: (() => void)[] = [];
  const failed = Promise.withResolvers<void>();
  let isBroken = true;
  const wait = (call: () => void): NodeJS.Timeout => {
    due.push(call);
    return setTimeout(() => undefined, 0);
  };
  const recovery = createRecovery({ load: () => failed.promise, isBroken: () => isBroken, wait });
  t.teardown(recovery.stop);
  recovery.start();
  due[0]?.();
  isBroken = false;
  failed.reject(new Error('not loadable'));
  await new Promise(setImmediate);
  t.is(due.length, 1);
  recovery.start();
  t.is(due.length, 2);
});
