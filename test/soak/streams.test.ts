/** Many streams that end in every way: each ends once, its `finally` runs where its thread lives, and its place is free again. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { createRandom, newSeed } from '../../chaos/random.ts';
import { close, connect, withOptions } from '../../src/client/index.ts';
import { createActivator } from '../../src/holder/activator.ts';
import { ENTRY, fixture } from '../helpers/agent.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { until } from '../helpers/until.ts';

type Tracked = typeof import('../fixtures/agents/tracked-streams.ts');
type Agent = Awaited<ReturnType<typeof connect<Tracked>>>;
type Status = { requests: number; counters: { orphaned: number }; threads: number };

const STREAMS = Number(process.env.LAUNCHPOOL_TEST_STREAMS ?? 2_000);
const SEED = Number(process.env.LAUNCHPOOL_TEST_SEED ?? newSeed());
const AT_ONCE = 100;
const THREADS = 2;
const CONCURRENCY = 64;
/** The expected ends that are no result. */
const ENDS = new Set([
  ...['ERR_LAUNCHPOOL_RUN_TIMEOUT', 'ERR_LAUNCHPOOL_QUEUE_TIMEOUT', 'ERR_LAUNCHPOOL_CALL_TIMEOUT'],
  ...['ERR_LAUNCHPOOL_CONNECTION_CLOSED', 'ERR_LAUNCHPOOL_THREAD_EXITED', 'ABORT_ERR'],
]);

test(`${STREAMS} streams end once each, whatever ends them`, async (t) => {
  t.timeout(10 * 60_000);
  const folder = await tempDir(t);
  const [socketPath, file] = [join(folder, 'a.sock'), join(folder, 'file')];
  const flags = ['--threads', String(THREADS), '--concurrency', String(CONCURRENCY), '--log-level', 'silent'];
  const activator = await createActivator({
    socketPath,
    command: [process.execPath, ENTRY, 'run', fixture('agents/tracked-streams.ts'), ...flags],
    env: { ...process.env, TEST_STREAMS_FILE: file },
  });
  t.teardown(() => activator.close());
  const random = createRandom(SEED);
  let agents: Agent[] = await Promise.all(Array.from({ length: 8 }, () => connect<Tracked>(socketPath)));
  const ends = new Map<string, number>();
  let next = 0;

  /** Reads one stream in one of the ways; returns how it ended. */
  async function readOne(id: number): Promise<string> {
    const at = random.between(0, agents.length - 1);
    const agent = agents[at] as Agent;
    const way = random.next();
    const values = random.chance(0.5) ? random.between(0, 60) : random.between(0, 3_000);
    const pauseMs = random.between(-1, 3);
    if (way < 0.004) {
      await agent.kill().catch(() => undefined);
    } else if (way < 0.014) {
      agents = agents.with(at, await connect<Tracked>(socketPath));
      setTimeout(() => void close(agent), random.between(0, 20));
    }
    const options =
      way < 0.3
        ? { timeoutMs: random.between(1, 100) }
        : way < 0.5
          ? { signal: AbortSignal.timeout(random.between(1, 100)) }
          : {};
    const leaveAfter = way < 0.75 ? random.between(0, 50) : 3_000;
    let seen = 0;
    for await (const value of withOptions(agent, options).tracked(id, values, pauseMs)) {
      if (value !== seen) throw new Error(`value ${value} in place of ${seen}`);
      seen += 1;
      if (seen > leaveAfter) return 'left';
    }
    if (seen !== values) throw new Error(`${seen} values of ${values}`);
    return 'result';
  }

  async function run(): Promise<void> {
    while (next < STREAMS) {
      next += 1;
      const end = await readOne(next).catch((error) => {
        const code = error.name === 'TimeoutError' ? 'ABORT_ERR' : error.code;
        if (!ENDS.has(code)) t.fail(`seed ${SEED}: ${error.stack}`);
        return code;
      });
      ends.set(end, (ends.get(end) ?? 0) + 1);
    }
  }

  await Promise.all(Array.from({ length: AT_ONCE }, run));
  t.log(`seed ${SEED}: ${JSON.stringify(Object.fromEntries(ends))}`);
  t.is(
    [...ends.values()].reduce((sum, count) => sum + count, 0),
    STREAMS,
  );

  const lines = (): [what: string, id: string, thread: string][] =>
    readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split(' ') as [string, string, string]);
  const idsOf = (all: [string, string, string][], what: string, dead: ReadonlySet<string>): string[] =>
    all.filter(([each, , thread]) => each === what && !dead.has(thread)).map(([, id]) => id);
  await until(() => {
    const all = lines();
    const dead = new Set(all.filter(([what]) => what === 'dead').map(([, , thread]) => thread));
    return idsOf(all, 'open', dead).length === idsOf(all, 'close', dead).length;
  });
  const all = lines();
  const dead = new Set(all.filter(([what]) => what === 'dead').map(([, , thread]) => thread));
  t.deepEqual(idsOf(all, 'open', dead).toSorted(), idsOf(all, 'close', dead).toSorted());
  for (const what of ['open', 'close']) {
    const ids = idsOf(all, what, new Set());
    t.is(new Set(ids).size, ids.length, `a stream has more than one ${what}`);
  }

  await using control = await connect<{ status(): Status }>(socketPath.replace(/\.sock$/, '.control.sock'));
  await until(async () => (await control.status()).requests === 0);
  t.is((await control.status()).counters.orphaned, 0);
  // Every place is free again: so many streams are open at the same time.
  await using agent = await connect<Tracked>(socketPath);
  const open = Array.from({ length: THREADS * CONCURRENCY }, (_unused, index) =>
    agent.tracked(STREAMS + 1 + index, 1_000_000, 0)[Symbol.asyncIterator](),
  );
  const firsts = await Promise.all(open.map((values) => values.next()));
  t.true(firsts.every(({ done, value }) => !done && value === 0));
  await Promise.all(open.map((values) => values.return('')));
  await until(async () => (await control.status()).requests === 0);
  for (const each of agents) await close(each);
});
