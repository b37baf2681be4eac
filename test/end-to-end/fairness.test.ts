/** A client whose requests wait for something does not keep the requests of others waiting while the processor idles. */
import test, { type ExecutionContext } from 'ava';
import { fixture } from '../helpers/agent.ts';
import { type BenchClient, type PoolBench, startPoolBench } from '../helpers/pool-bench.ts';
import { until } from '../helpers/until.ts';

const CONCURRENCY = 4;
/** More than the windows of the connections, so that requests wait everywhere. */
const CALLS = 300;
const LONG = 'x'.repeat(100_000);

function start(t: ExecutionContext, threads: number): PoolBench & { greedy: BenchClient } {
  t.timeout(120_000);
  const bench = startPoolBench(t, { module: fixture('agents/gate.ts'), threads, concurrency: CONCURRENCY });
  return { ...bench, greedy: bench.connect() };
}

const callMany = ({ call }: BenchClient, calls: number, ...params: unknown[]): Promise<unknown>[] =>
  Array.from({ length: calls }, () => call('waits', ...params));

/** Opens the gate of the only thread, and checks that all requests end. */
async function finish(t: ExecutionContext, bench: PoolBench, waiting: Promise<unknown>[]): Promise<void> {
  await bench.connect().call('opens');
  t.is((await Promise.all(waiting)).length, waiting.length);
  await until(() => bench.dispatcher.requests === 0);
}

test('requests of another connection run while one has more pending than --concurrency allows', async (t) => {
  const bench = start(t, 1);
  const thread = await bench.call('where');
  const waiting = callMany(bench.greedy, CALLS);
  // In the same turn of the event loop, behind the others.
  t.is(await bench.call('where'), thread);
  // Later, one after another and at the same time; the connection has one extra place.
  for (let index = 0; index < 5; index += 1) t.is(await bench.call('where'), thread);
  t.deepEqual(
    await Promise.all(Array.from({ length: 50 }, () => bench.call('where'))),
    Array.from({ length: 50 }, () => thread),
  );
  await finish(t, bench, waiting);
});

test('with several threads, and connections that come later, each connection has a place', async (t) => {
  const bench = start(t, 2);
  await bench.call('where');
  const waiting = callMany(bench.greedy, CALLS);
  await until(() => bench.pool.threads === 2);
  const clients = Array.from({ length: 20 }, bench.connect);
  t.is((await Promise.all(clients.map(({ call }) => call('where')))).length, 20);
  t.is((await Promise.all(clients.map(({ call }) => call('where')))).length, 20);
  // One that waits itself has its place, and no other.
  const [first, second] = clients as [BenchClient, BenchClient];
  waiting.push(first.call('waits'));
  const behind = first.call('where');
  t.is(typeof (await second.call('where')), 'number');
  const isBehind = await Promise.race([behind.then(() => 'ran'), second.call('where').then(() => 'waits')]);
  t.is(isBehind, 'waits');
  // The end of the threads ends the rest.
  void Promise.allSettled([...waiting, behind]);
});

test('long requests have the same places', async (t) => {
  const bench = start(t, 1);
  const thread = await bench.call('where');
  const waiting = [...callMany(bench.greedy, 20, LONG), ...callMany(bench.greedy, 20)];
  t.is(await bench.call('lengthOf', LONG), LONG.length);
  t.deepEqual(await Promise.all([bench.call('where'), bench.call('lengthOf', LONG), bench.call('where')]), [
    thread,
    LONG.length,
    thread,
  ]);
  await finish(t, bench, waiting);
});

test('cancelled requests take no place, and requests behind them run', async (t) => {
  const bench = start(t, 1);
  await bench.call('where');
  const waiting = callMany(bench.greedy, CALLS);
  const other = bench.connect();
  for (let index = 0; index < 40; index += 1) {
    const given = other.call('where');
    other.cancel();
    // It may have run before.
    await given.catch(() => undefined);
  }
  const calls = Array.from({ length: 100 }, (_unused, index) => {
    const answer = other.call('where').catch(() => undefined);
    if (index % 2 === 0) other.cancel();
    return answer;
  });
  t.is((await Promise.all(calls)).length, 100);
  await finish(t, bench, waiting);
});
