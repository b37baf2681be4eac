/** A module that one thread has loaded, and another thread cannot load. */
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { LaunchpoolError, type PlainError } from '../../../wire/errors.ts';
import { type PoolBench, startPoolBench, until } from '../../helpers/pool-bench.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const REASON = new LaunchpoolError('ERR_LAUNCHPOOL_THREAD_EXITED', 'replaced for a test');

/** With a module that fails to load from the second time on, for `times` times. */
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
  bench.pool.replace((await bench.call('where')) as number, REASON);
  return { ...bench, broken, loads: () => readFileSync(log).length };
}

test('the next thread loads it, without a report', async (t) => {
  const { call, broken, loads } = await failing(t, 3);
  t.is(typeof (await call('where')), 'number');
  t.deepEqual([broken, loads()], [[], 5]);
});

test('after several failures in a row, the module is broken', async (t) => {
  const { call, broken, loads } = await failing(t, 100);
  await t.throwsAsync(call('where'), { code: 'ERR_LAUNCHPOOL_MODULE_NOT_LOADED', message: /no descriptor/ });
  // The report comes in another message than the reply, and may come later.
  await until(() => broken.length > 0);
  t.is(broken.length, 1);
  // The first thread, five failures, the thread that reports the error, and one that was starting at that time.
  t.true(loads() <= 8, String(loads()));
});
