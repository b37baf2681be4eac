/** A failed reload leaves the pool as it was. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import { LaunchpoolError } from '../../../wire/errors.ts';
import { startPoolBench, until } from '../../helpers/pool-bench.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const MODULE = `import { threadId } from 'node:worker_threads'; export const where = () => threadId;`;

test('after a failed reload, a new thread loads the old module', async (t) => {
  const folder = await tempDir(t);
  const [module, broken] = [join(folder, 'module.mjs'), join(folder, 'broken.mjs')];
  await writeFile(module, MODULE);
  await writeFile(broken, `throw new Error('not loadable');`);
  const { pool, call } = startPoolBench(t, { module, threads: 1 });
  const first = (await call('where')) as number;
  await t.throwsAsync(pool.reload(pathToFileURL(broken).href), { message: /not loadable/ });
  t.is(await call('where'), first);
  pool.replace(first, new LaunchpoolError('ERR_LAUNCHPOOL_THREAD_EXITED', 'replaced for a test'));
  t.not(await call('where'), first);
});

for (const [what, source] of [
  ['throws', `throw new Error('not loadable');`],
  ['throws, and has an uncaught error', `Promise.reject(new Error('not loadable')); throw new Error('not loadable');`],
  ['has an uncaught error before it is loaded', `Promise.reject(new Error('not loadable')); await 0; await 0;`],
] as const) {
  test(`a new module that ${what} fails the reload, and does not make the agent broken`, async (t) => {
    const folder = await tempDir(t);
    const [module, next] = [join(folder, 'module.mjs'), join(folder, 'next.mjs')];
    await writeFile(module, MODULE);
    await writeFile(next, source);
    const broken: unknown[] = [];
    const { pool, call } = startPoolBench(t, { module, threads: 1, onBroken: (error) => broken.push(error) });
    const first = await call('where');
    await t.throwsAsync(pool.reload(pathToFileURL(next).href), { message: /not loadable|exports no function/ });
    // All messages of the spare have come when it has exited.
    await until(() => pool.restarts === 1);
    t.deepEqual(broken, []);
    t.is(await call('where'), first);
  });
}
