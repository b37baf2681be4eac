/** A reload that fails leaves the pool as it was. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import { LaunchpoolError } from '../../../wire/errors.ts';
import { startPoolBench } from '../../helpers/pool-bench.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

test('after a failed reload, a new thread loads the old module', async (t) => {
  const folder = await tempDir(t);
  const [module, broken] = [join(folder, 'module.mjs'), join(folder, 'broken.mjs')];
  await writeFile(module, `import { threadId } from 'node:worker_threads'; export const where = () => threadId;`);
  await writeFile(broken, `throw new Error('not loadable');`);
  const { pool, call } = startPoolBench(t, { module, threads: 1 });
  const first = (await call('where')) as number;
  await t.throwsAsync(pool.reload(pathToFileURL(broken).href), { message: /not loadable/ });
  t.is(await call('where'), first);
  pool.replace(first, new LaunchpoolError('ERR_LAUNCHPOOL_THREAD_EXITED', 'replaced for a test'));
  t.not(await call('where'), first);
});
