/** Utilisation of threads, per asker. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import test from 'ava';
import { createUtilisation } from '../../../src/agent/utilisation.ts';

/** Reports its start, and is busy until the flag is set. */
const BUSY = `
  const { parentPort, workerData } = require('node:worker_threads');
  const flag = new Int32Array(workerData);
  parentPort.once('message', () => {
    parentPort.postMessage('started');
    while (Atomics.load(flag, 0) === 0);
    parentPort.postMessage('done');
    parentPort.on('message', () => undefined);
  });`;

test('an asker gets the share since its last measurement, a new asker the share since the start', async (t) => {
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(BUSY, { eval: true, workerData: flag.buffer });
  t.teardown(() => worker.terminate());
  await once(worker, 'online');
  const utilisation = createUtilisation(() => [worker]);
  const [one, other] = [{}, {}];
  worker.postMessage('go');
  await once(worker, 'message');
  utilisation(one);
  // The thread is busy for this whole time, whatever its length.
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

test('a thread without measured time has 0, and no thread gives no entry', (t) => {
  const nothing = { idle: 0, active: 0, utilization: Number.NaN };
  const young = { threadId: 3, performance: { eventLoopUtilization: () => nothing } };
  t.deepEqual(createUtilisation(() => [young])({}), [{ thread: 3, sinceLast: 0, sinceStart: 0 }]);
  t.deepEqual(createUtilisation(() => [])({}), []);
});
