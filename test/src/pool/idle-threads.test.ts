/** Threads come when there is work for them, and go when there has been none for a while. */

import { pathToFileURL } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { startFirstThread } from '../../../src/pool/first-thread.ts';
import { createIdleThreads } from '../../../src/pool/idle-threads.ts';
import { createPool, type Pool, type PoolOptions } from '../../../src/pool/pool.ts';
import { fixture } from '../../helpers/agent.ts';

/** It ends with the test, however that ends. */
function poolOf(t: ExecutionContext, options: Partial<PoolOptions> & { threads: number }): Pool {
  const moduleUrl = pathToFileURL(fixture('agents/echo.ts')).href;
  const workerData = { moduleUrl, exposeStacks: false, reportFiles: false, concurrency: 256, codeFolder: undefined };
  const pool = createPool({ first: startFirstThread(workerData, options.threads, undefined), ...options });
  t.teardown(() => pool.destroy());
  return pool;
}

/** Resolves when there are so many threads. Which threads there are is looked at again and again, as nothing tells. */
async function threadsOf(pool: Pool, count: number): Promise<number> {
  while (pool.threads !== count) await new Promise((resolve) => setTimeout(resolve, 5));
  return pool.threads;
}

test('as many tasks at once as there may be threads start all of them', async (t) => {
  const pool = poolOf(t, { threads: 4 });
  await Promise.all(Array.from({ length: 8 }, () => pool.run(null)));
  t.is(pool.threads, 4);
});

test('fill() starts as many as there shall be at least, and no more', async (t) => {
  const pool = poolOf(t, { threads: 4, minThreads: 3 });
  t.is(pool.threads, 1);
  pool.fill();
  t.is(await threadsOf(pool, 3), 3);
});

test('threads that have nothing to do go, down to the fewest that there shall be, and come again', async (t) => {
  const pool = poolOf(t, { threads: 4, minThreads: 2, idleThreadMs: 200 });
  const everybody = (): Promise<unknown> => Promise.all(Array.from({ length: 8 }, () => pool.run(null)));
  for (let time = 0; time < 3; time += 1) {
    // On a slow machine the first ones may be gone when the last one has started.
    while (pool.threads < 4) await everybody();
    t.is(pool.threads, 4);
    t.is(await threadsOf(pool, 2), 2);
  }
});

test('who is busy does not go; who is not any more goes, but not the last one', async (t) => {
  const fewest = 1;
  const idleMs = 40;
  const threads = new Set(['busy', 'idle', 'last'].map((name) => ({ name, usedAt: performance.now(), busy: true })));
  const ended: string[] = [];
  const gone = Promise.withResolvers<void>();
  const start = createIdleThreads({
    idleMs,
    threads: () => threads,
    surplus: () => threads.size - fewest,
    isBusy: ({ busy }) => busy,
    end(thread) {
      threads.delete(thread);
      ended.push(thread.name);
      if (threads.size === fewest) gone.resolve();
    },
  });
  start.start();
  await new Promise((resolve) => setTimeout(resolve, 3 * idleMs));
  t.deepEqual(ended, []);
  const [busy, idle] = threads as unknown as Iterable<{ busy: boolean; usedAt: number }>;
  for (const thread of [busy, idle]) if (thread !== undefined) thread.busy = false;
  await gone.promise;
  t.deepEqual(ended, ['busy', 'idle']);
});
