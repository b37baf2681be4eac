/** Threads come when there is work for them, and go when there has been none for a while. */

import { pathToFileURL } from 'node:url';
import test from 'ava';
import { startFirstThread } from '../../../src/pool/first-thread.ts';
import { createPool, type Pool, type PoolOptions } from '../../../src/pool/pool.ts';
import { fixture } from '../../helpers/agent.ts';

function poolOf(options: Partial<PoolOptions> & { threads: number }): Pool {
  const moduleUrl = pathToFileURL(fixture('agents/echo.ts')).href;
  const told = { moduleUrl, exposeStacks: false, reportFiles: false, concurrency: 256, codeFolder: undefined };
  return createPool({ first: startFirstThread(told, options.threads, undefined), ...options });
}

/** Resolves when there are so many threads. Which threads there are is looked at again and again, as nothing tells. */
async function threadsOf(pool: Pool, count: number): Promise<number> {
  while (pool.threads !== count) await new Promise((resolve) => setTimeout(resolve, 5));
  return pool.threads;
}

test('as many tasks at once as there may be threads start all of them', async (t) => {
  const pool = poolOf({ threads: 4 });
  await Promise.all(Array.from({ length: 8 }, () => pool.run(null)));
  t.is(pool.threads, 4);
  await pool.destroy();
});

test('fill() starts as many as there shall be at least, and no more', async (t) => {
  const pool = poolOf({ threads: 4, minThreads: 3 });
  t.is(pool.threads, 1);
  pool.fill();
  t.is(await threadsOf(pool, 3), 3);
  await pool.destroy();
});

test('threads that have nothing to do go, down to the fewest that there shall be, and come again', async (t) => {
  const pool = poolOf({ threads: 4, minThreads: 2, idleThreadMs: 50 });
  const everybody = (): Promise<unknown> => Promise.all(Array.from({ length: 8 }, () => pool.run(null)));
  for (let time = 0; time < 3; time += 1) {
    await everybody();
    t.is(pool.threads, 4);
    t.is(await threadsOf(pool, 2), 2);
  }
  await pool.destroy();
});

test('a thread that owes a reply does not go', async (t) => {
  const pool = poolOf({ threads: 2, idleThreadMs: 20 });
  await Promise.all([pool.run(null), pool.run(null), pool.run(null), pool.run(null)]);
  t.is(pool.threads, 2);
  // Whichever they are, both owe one now.
  for (let thread = 0; thread < 100; thread += 1) pool.addOpen(thread, 1);
  await new Promise((resolve) => setTimeout(resolve, 200));
  t.is(pool.threads, 2);
  for (let thread = 0; thread < 100; thread += 1) pool.addOpen(thread, -1);
  t.is(await threadsOf(pool, 1), 1);
  await pool.destroy();
});
