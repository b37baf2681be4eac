/** Bundles for development, which refer to external files at their original locations. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { bundleInPlace } from '../../../src/bundle/bundle.ts';
import { writeTree } from '../../helpers/materialise.ts';
import { runProgram } from '../../helpers/program.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { evaluate } from './bundled.ts';

const TEXTS = {
  'package.json': '{ "type": "module" }',
  'node_modules/outside/package.json': '{ "name": "outside", "type": "module", "exports": "./index.js" }',
  'node_modules/outside/index.js': 'export default () => import.meta.filename;',
  'src/words.txt': 'words',
  'src/a.ts': `import { readFileSync } from 'node:fs';
import outside from 'outside';
const words = readFileSync(new URL('./words.txt', import.meta.url), 'utf8');
export const all = (): string[] => [words, outside(), import.meta.filename];
export function fail(): never {
  throw new Error('expected');
}
`,
};

test('it finds packages and files at their locations, and its stack traces show the sources', async (t) => {
  const [sources, elsewhere] = [await tempDir(t), await tempDir(t)];
  await writeTree(sources, TEXTS);
  const module = join(sources, 'src/a.ts');
  const { content, extension, inputs, warnings } = await bundleInPlace(module);
  t.deepEqual([extension, inputs, warnings], ['.cjs', [module], []]);
  const entry = join(elsewhere, `a${extension}`);
  await writeFile(entry, content);
  t.deepEqual(await evaluate(entry, 'loaded.all()'), ['words', join(sources, 'node_modules/outside/index.js'), module]);
  const fail = `require(${JSON.stringify(entry)}).fail()`;
  const { stderr } = await runProgram([process.execPath, '--enable-source-maps', '-e', fail], { env: {} });
  t.true(stderr.includes(`${module}:6:`), stderr);
});

test('an ES module finds packages and files at their locations too', async (t) => {
  const [sources, elsewhere] = [await tempDir(t), await tempDir(t)];
  await writeTree(sources, { ...TEXTS, 'src/a.ts': `${TEXTS['src/a.ts']} await Promise.resolve();` });
  const module = join(sources, 'src/a.ts');
  const { content, extension } = await bundleInPlace(module);
  t.is(extension, '.mjs');
  await writeFile(join(elsewhere, 'a.mjs'), content);
  await writeFile(join(elsewhere, 'load.cjs'), "exports.all = async () => (await import('./a.mjs')).all();");
  const all = await evaluate(join(elsewhere, 'load.cjs'), 'loaded.all()');
  t.deepEqual(all, ['words', join(sources, 'node_modules/outside/index.js'), module]);
});
