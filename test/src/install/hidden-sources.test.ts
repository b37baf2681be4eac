/** An installation that would work only while its sources are there fails at its check. */
import { join } from 'node:path';
import test from 'ava';
import { hideSources } from '../../../src/install/hidden-sources.ts';
import { createInstallBench } from '../../helpers/install-bench.ts';
import { writeTree } from '../../helpers/materialise.ts';
import { notTested } from '../../helpers/not-tested.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const READS_ITS_SOURCES = (path: string): string => `
  import { readFileSync } from 'node:fs';
  const words = readFileSync(${JSON.stringify(path)}, 'utf8');
  export const answer = () => words;`;

test('a module that reads a file of its sources by an absolute path is refused, with the path', async (t) => {
  const folder = await tempDir(t);
  if ((await hideSources({ platform: 'linux' }, [folder], [])) === undefined) return notTested(t, 'mount namespaces');
  const bench = await createInstallBench(t, 'embedded');
  if (bench === undefined) return;
  const words = join(bench.module, '..', 'words.txt');
  await writeTree(join(bench.module, '..'), { 'package.json': '{ "type": "module" }', 'words.txt': 'words' });
  await bench.write(READS_ITS_SOURCES(words));
  const error = await bench.failure(t);
  t.is(error.code, 'ERR_LAUNCHPOOL_MODULE_NOT_LOADED');
  t.true(error.message.includes(words), error.message);
  t.regex(error.hint ?? '', /--include/);
  t.deepEqual(bench.traces(), []);
});

test('nothing is hidden that the agent needs', async (t) => {
  const folder = await tempDir(t);
  t.is(await hideSources({ platform: 'linux' }, [folder], [join(folder, 'not-yet', 'node')]), undefined);
  t.is(await hideSources({ platform: 'darwin' }, [folder], []), undefined);
});
