/** A module that some thread has loaded, and another one cannot load. */
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { LaunchpoolError, type PlainError } from '../../../wire/errors.ts';
import { type PoolBench, startPoolBench, until } from '../../helpers/pool-bench.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const WHY = new LaunchpoolError('ERR_LAUNCHPOOL_THREAD_EXITED', 'replaced for a test');

/** With a module that cannot be loaded from the second time on, so many times. */
async function failing(
  t: ExecutionContext,
  times: number,
): Promise<PoolBench & { broken: PlainError[]; loads(): number }> {
  const folder = await tempDir(t);
  const [path, log] = [join(folder, 'module.mjs'), join(folder, 'loads')];
  await writeFile(
    path,
    `import { appendFileSync, readFileSync } from 'node:fs';
    import { threadId } from 'node:worker_threads';
    appendFileSync(${JSON.stringify(log)}, '.');
    const nth = readFileSync(${JSON.stringify(log)}).length;
    if (nth > 1 && nth <= 1 + ${times}) throw new Error('no descriptor, or something else');
    export const where = () => threadId;`,
  );
  const broken: PlainError[] = [];
  const bench = startPoolBench(t, { module: path, threads: 1, onBroken: (error) => broken.push(error) });
  bench.pool.replace((await bench.call('where')) as number, WHY);
  return { ...bench, broken, loads: () => readFileSync(log).length };
}

test('the next thread tries, and nobody hears of it', async (t) => {
  const { call, broken, loads } = await failing(t, 3);
  t.is(typeof (await call('where')), 'number');
  t.deepEqual([broken, loads()], [[], 5]);
});

test('when some in a row could not, the module is broken', async (t) => {
  const { call, broken, loads } = await failing(t, 100);
  await t.throwsAsync(call('where'), { code: 'ERR_LAUNCHPOOL_MODULE_NOT_LOADED', message: /no descriptor/ });
  // It comes by another way than the answer, and may come later.
  await until(() => broken.length > 0);
  t.is(broken.length, 1);
  // The first one, five, the one that told why, and one that had been started meanwhile.
  t.true(loads() <= 8, String(loads()));
});
