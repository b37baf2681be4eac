/** A failed reload leaves the pool as it was. */
import { readFileSync } from 'node:fs';
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

/** Its first thread loads it; in each later one, the setup does not end. `loads` has a byte for each load. */
const HANGS_LATER = `import { appendFileSync, readFileSync } from 'node:fs';
  const loads = new URL('loads', import.meta.url);
  appendFileSync(loads, '.');
  const nth = readFileSync(loads).length;
  export const setup = () => nth === 1 ? undefined : new Promise(() => setInterval(() => undefined, 60_000));
  ${MODULE}`;

const loadsIn = (folder: string): number => readFileSync(join(folder, 'loads')).length;

test('a reload does not wait for a replacement whose setup does not end', async (t) => {
  const folder = await tempDir(t);
  const [module, next] = [join(folder, 'module.mjs'), join(folder, 'next.mjs')];
  await writeFile(module, HANGS_LATER);
  await writeFile(next, MODULE);
  const notRenewed: unknown[] = [];
  const onNotRenewed = (error: unknown): void => void notRenewed.push(error);
  const { pool, call } = startPoolBench(t, { module, threads: 1, recycleRequests: 1, onNotRenewed });
  const first = await call('where');
  await until(() => loadsIn(folder) === 2);
  await pool.reload(pathToFileURL(next).href);
  t.not(await call('where'), first);
  t.deepEqual(notRenewed, []);
});

test('a signal ends an attempt to reload, and the old module stays', async (t) => {
  const folder = await tempDir(t);
  const module = join(folder, 'module.mjs');
  await writeFile(module, HANGS_LATER);
  const { pool, call } = startPoolBench(t, { module, threads: 1 });
  const first = await call('where');
  const ending = new AbortController();
  const reloaded = pool.reload(pathToFileURL(module).href, ending.signal);
  await until(() => loadsIn(folder) === 2);
  ending.abort(new Error('ended'));
  await t.throwsAsync(reloaded, { message: 'ended' });
  await until(() => pool.threads === 1);
  t.is(await call('where'), first);
});
