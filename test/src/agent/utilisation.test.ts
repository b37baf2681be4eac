/** How much of the time threads are at work, as each asker sees it. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import test from 'ava';
import { createUtilisation } from '../../../src/agent/utilisation.ts';

/** Says so when it begins, and is busy until it is told that it may stop. */
const BUSY = `
  const { parentPort, workerData } = require('node:worker_threads');
  const flag = new Int32Array(workerData);
  parentPort.once('message', () => {
    parentPort.postMessage('begun');
    while (Atomics.load(flag, 0) === 0);
    parentPort.postMessage('done');
    parentPort.on('message', () => undefined);
  });`;

test('each asker hears of the time since it has asked itself, and a new one of all time', async (t) => {
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(BUSY, { eval: true, workerData: flag.buffer });
  t.teardown(() => worker.terminate());
  await once(worker, 'online');
  const utilisation = createUtilisation(() => [worker]);
  const [one, other] = [{}, {}];
  worker.postMessage('go');
  await once(worker, 'message');
  utilisation(one);
  // It is busy for all of this time, so whatever time it is, all of it counts.
  const until = performance.now() + 20;
  while (performance.now() < until);
  const [busy] = utilisation(one);
  t.is(busy?.thread, worker.threadId);
  t.true((busy?.sinceLast ?? 0) > 0.99);
  Atomics.store(flag, 0, 1);
  await once(worker, 'message');
  const [fresh] = utilisation(other);
  t.is(fresh?.sinceLast, fresh?.sinceStart);
  t.true((fresh?.sinceStart ?? 0) > 0);
  t.true((fresh?.sinceStart ?? 1) <= 1);
});

test('of a thread that has had no time yet, and of none, there is no utilisation', (t) => {
  const nothing = { idle: 0, active: 0, utilization: Number.NaN };
  const young = { threadId: 3, performance: { eventLoopUtilization: () => nothing } };
  t.deepEqual(createUtilisation(() => [young])({}), [{ thread: 3, sinceLast: 0, sinceStart: 0 }]);
  t.deepEqual(createUtilisation(() => [])({}), []);
});
