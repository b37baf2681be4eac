/** Threads that code outside of requests keeps busy: other threads run their requests, and replace them. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import type { LaunchpoolError } from '../../../wire/errors.ts';
import { fixture } from '../../helpers/agent.ts';
import { startPoolBench, until } from '../../helpers/pool-bench.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const module = fixture('agents/contained.ts');

for (const how of ['loopsLater', 'loopsBehind']) {
  test(`${how}: if every thread is blocked, each is replaced, and the waiting requests are answered`, async (t) => {
    const unresponsive: LaunchpoolError[] = [];
    const { pool, call } = startPoolBench(t, {
      module,
      threads: 2,
      maxUnresponsiveMs: 100,
      onUnresponsive: (error) => unresponsive.push(error),
    });
    const before = (await Promise.all([call(how), call(how)])) as number[];
    const long = 'x'.repeat(100_000);
    const answers = await Promise.all([...[1, 2, 3].map((n) => call('add', n, 1)), call('add', long, '')]);
    t.deepEqual(answers, [2, 3, 4, long]);
    const blocked = new Set(before).size;
    await until(() => pool.restarts >= blocked);
    t.true(unresponsive.length >= blocked);
    t.is(unresponsive[0]?.code, 'ERR_LAUNCHPOOL_THREAD_EXITED');
    t.regex(String(unresponsive[0]), /began no request of its tasks for 100 ms/);
  });
}

test('a request may keep its thread busy without a limit, and the requests behind it wait', async (t) => {
  const { pool, call } = startPoolBench(t, { module, threads: 1, maxUnresponsiveMs: 2_000 });
  const outcomes = await Promise.all([call('burn', 5_000), call('add', 1, 2), call('add', 'y'.repeat(100_000), '')]);
  t.deepEqual(outcomes.slice(1), [3, 'y'.repeat(100_000)]);
  t.is(pool.restarts, 0);
});

test('a module that could not be loaded, and blocks its thread later: the thread is replaced, and requests get the error', async (t) => {
  const folder = await tempDir(t);
  const broken = join(folder, 'broken.mjs');
  const source = `import { existsSync } from 'node:fs';
    setInterval(() => { while (existsSync(new URL('blocks', import.meta.url))); }, 1);
    throw new Error('not loadable');`;
  await writeFile(broken, source);
  const { pool, call } = startPoolBench(t, { module: broken, threads: 1, maxUnresponsiveMs: 100 });
  const error = { code: 'ERR_LAUNCHPOOL_MODULE_NOT_LOADED' };
  await t.throwsAsync(call('add', 1, 2), error);
  await writeFile(join(folder, 'blocks'), '');
  await until(async () => {
    await t.throwsAsync(call('add', 1, 2), error);
    return pool.restarts > 0;
  });
});
