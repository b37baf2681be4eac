/** Threads start when there is work for them, and end when they have been idle. */
import { pathToFileURL } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { startFirstThread } from '../../../src/pool/first-thread.ts';
import { createIdleThreads } from '../../../src/pool/idle-threads.ts';
import { createPool, type Pool, type PoolOptions } from '../../../src/pool/pool.ts';
import { fixture } from '../../helpers/agent.ts';
import '../../helpers/with-compile-cache.ts';

/** Ends with the test. */
function poolOf(t: ExecutionContext, options: Partial<PoolOptions> & { threads: number }): Pool {
  const moduleUrl = pathToFileURL(fixture('agents/echo.ts')).href;
  const workerData = {
    moduleUrl,
    exposeStacks: false,
    reportFiles: false,
    concurrency: 256,
    maxReplyBytes: 2 ** 26,
    codeFolder: undefined,
  };
  const pool = createPool({ first: startFirstThread(workerData, options.threads, undefined), ...options });
  t.teardown(() => pool.destroy());
  return pool;
}

/** Resolves when there are `count` threads. Polls, because the pool reports no change. */
async function threadsOf(pool: Pool, count: number): Promise<number> {
  while (pool.threads !== count) await new Promise((resolve) => setTimeout(resolve, 5));
  return pool.threads;
}

test('as many tasks at once as there may be threads start all of them', async (t) => {
  const pool = poolOf(t, { threads: 4 });
  await Promise.all(Array.from({ length: 8 }, () => pool.run(null)));
  t.is(pool.threads, 4);
});

test('fill() starts the minimum of threads, and no more', async (t) => {
  const pool = poolOf(t, { threads: 4, minThreads: 3 });
  t.is(pool.threads, 1);
  pool.fill();
  t.is(await threadsOf(pool, 3), 3);
});

test('idle threads end, down to the minimum, and start again', async (t) => {
  const pool = poolOf(t, { threads: 4, minThreads: 2, idleThreadMs: 200 });
  const runAll = (): Promise<unknown> => Promise.all(Array.from({ length: 8 }, () => pool.run(null)));
  for (let time = 0; time < 3; time += 1) {
    // On a slow machine, the first threads may have ended when the last one has started.
    while (pool.threads < 4) await runAll();
    t.is(pool.threads, 4);
    t.is(await threadsOf(pool, 2), 2);
  }
});

test('a busy thread stays; an idle thread ends, except for the last one', async (t) => {
  const minThreads = 1;
  const idleMs = 40;
  const threads = new Set(['busy', 'idle', 'last'].map((name) => ({ name, usedAt: performance.now(), busy: true })));
  const ended: string[] = [];
  const allEnded = Promise.withResolvers<void>();
  const idleThreads = createIdleThreads({
    idleMs,
    threads: () => threads,
    surplus: () => threads.size - minThreads,
    isBusy: ({ busy }) => busy,
    end(thread) {
      threads.delete(thread);
      ended.push(thread.name);
      if (threads.size === minThreads) allEnded.resolve();
    },
  });
  idleThreads.start();
  await new Promise((resolve) => setTimeout(resolve, 3 * idleMs));
  t.deepEqual(ended, []);
  const [busy, idle] = threads as unknown as Iterable<{ busy: boolean; usedAt: number }>;
  for (const thread of [busy, idle]) if (thread !== undefined) thread.busy = false;
  await allEnded.promise;
  t.deepEqual(ended, ['busy', 'idle']);
});
