/** A request that goes on after its cancellation, and the other requests on its thread. */
import { pathToFileURL } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import type { BlockedThread } from '../../src/dispatch/cancel/cancellation.ts';
import { fixture } from '../helpers/agent.ts';
import { type HeldCall, heldCall } from '../helpers/held-call.ts';
import { type BenchClient, type PoolBench, type PoolBenchOptions, startPoolBench } from '../helpers/pool-bench.ts';
import { until } from '../helpers/until.ts';

const module = fixture('agents/cancellable.ts');
const EXITED = 'ERR_LAUNCHPOOL_THREAD_EXITED';
const CANCELLED = { code: 'ERR_LAUNCHPOOL_CANCELLED' };

type Rig = PoolBench & {
  blocked: BlockedThread[];
  /** The orphans of each thread that has retired, and the other requests of each that did not end in time. */
  retired: number[];
  over: number[];
  thread: number;
  /** A running request of another client, and the id of its thread when it is released. */
  neighbour: HeldCall & { answer: Promise<unknown> };
};

async function start(t: ExecutionContext, options: Partial<PoolBenchOptions> = {}): Promise<Rig> {
  const [blocked, retired, over]: [BlockedThread[], number[], number[]] = [[], [], []];
  const bench = startPoolBench(t, {
    ...{ module, threads: 1, concurrency: 8, drainMs: 60_000 },
    onRetired: (_thread, orphans) => retired.push(orphans),
    onRetirementOver: (_thread, others) => over.push(others),
    dispatcher: { cancelGraceMs: 50, onBlocked: (thread) => blocked.push(thread) },
    ...options,
  });
  const thread = (await bench.call('where')) as number;
  const held = await heldCall(t);
  const answer = bench.connect().call('holds', held.path);
  answer.catch(() => undefined);
  await held.running;
  return { ...bench, blocked, retired, over, thread, neighbour: { ...held, answer } };
}

/** Calls a method that does not end, and cancels the call when it runs. */
async function giveUp(t: ExecutionContext, { call, cancel }: BenchClient, method: string): Promise<void> {
  const held = await heldCall(t);
  const answer = call(method, held.path);
  await held.running;
  cancel();
  await t.throwsAsync(answer, CANCELLED);
}

test('a request that ignores its signal is orphaned; its thread and the requests on it stay', async (t) => {
  const rig = await start(t);
  for (let orphans = 1; orphans <= 3; orphans += 1) {
    await giveUp(t, rig, 'deaf');
    await until(() => rig.dispatcher.counts.orphaned === orphans);
  }
  t.is(await rig.call('where'), rig.thread);
  rig.neighbour.release();
  t.is(await rig.neighbour.answer, rig.thread);
  t.deepEqual([rig.pool.restarts, rig.retired, rig.blocked], [0, [], []]);
});

test('with as many orphans as half of --concurrency, a thread retires after its other requests', async (t) => {
  const rig = await start(t);
  for (let orphans = 1; orphans <= 4; orphans += 1) {
    await giveUp(t, rig, 'deaf');
    await until(() => rig.dispatcher.counts.orphaned === orphans);
  }
  t.deepEqual(rig.retired, [4]);
  t.not(await rig.call('where'), rig.thread);
  t.is(rig.pool.restarts, 0);
  rig.neighbour.release();
  t.is(await rig.neighbour.answer, rig.thread);
  await until(() => rig.pool.restarts === 1);
  t.deepEqual([rig.over, rig.blocked], [[], []]);
});

test('with --concurrency 1, the first orphan makes its thread retire', async (t) => {
  const bench = startPoolBench(t, { module, threads: 1, concurrency: 1, dispatcher: { cancelGraceMs: 50 } });
  const thread = await bench.call('where');
  await giveUp(t, bench, 'deaf');
  await until(() => bench.pool.restarts === 1);
  t.not(await bench.call('where'), thread);
});

test('a retired thread ends after --drain at most; the requests on it get the reason', async (t) => {
  const rig = await start(t, { concurrency: 2, drainMs: 50 });
  await giveUp(t, rig, 'deaf');
  await t.throwsAsync(rig.neighbour.answer, { code: EXITED, message: /many requests on it went on/ });
  t.deepEqual([rig.retired, rig.over], [[1], [1]]);
});

test('an orphan delays neither a reload nor the end of the thread after it', async (t) => {
  const rig = await start(t);
  await giveUp(t, rig, 'deaf');
  await until(() => rig.dispatcher.counts.orphaned === 1);
  await rig.pool.reload(pathToFileURL(module).href);
  t.not(await rig.call('where'), rig.thread);
  rig.neighbour.release();
  t.is(await rig.neighbour.answer, rig.thread);
  await until(() => rig.pool.threads === 1);
});

for (const method of ['endless', 'endlessOnAbort']) {
  test(`${method}: a thread whose event loop is blocked is replaced; the requests on it get the reason`, async (t) => {
    t.timeout(120_000);
    const rig = await start(t);
    await giveUp(t, rig, method);
    await t.throwsAsync(rig.neighbour.answer, { code: EXITED, message: /blocked its event loop/ });
    t.like(rig.blocked, [{ thread: rig.thread, method, others: 1 }]);
    t.true((rig.blocked[0]?.ms ?? 0) >= 50);
    t.is(rig.dispatcher.counts.orphaned, 0);
    t.not(await rig.call('where'), rig.thread);
  });
}
