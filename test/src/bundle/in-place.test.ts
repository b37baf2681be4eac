/** Sources that are compiled for development: they run at their original locations. */
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { compileInPlace } from '../../../src/bundle/bundle.ts';
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

/** Writes the sources and what they are compiled to. Returns the paths of the module and of its loader. */
async function compiled(
  t: ExecutionContext,
  source: string,
): Promise<{ sources: string; module: string; entry: string }> {
  const [sources, elsewhere] = [await tempDir(t), await tempDir(t)];
  await writeTree(sources, { ...TEXTS, 'src/a.ts': source });
  const module = join(sources, 'src/a.ts');
  const result = await compileInPlace(module, 'own.json');
  t.deepEqual([result.inputs, result.warnings], [[module], []]);
  const entry = join(elsewhere, 'a.cjs');
  await writeTree(elsewhere, { 'a.cjs': result.loader, 'own.json': result.sources });
  return { sources, module, entry };
}

test('it finds packages and files at their locations, and its stack traces show the sources', async (t) => {
  const { sources, module, entry } = await compiled(t, TEXTS['src/a.ts']);
  t.deepEqual(await evaluate(entry, 'loaded.all()'), ['words', join(sources, 'node_modules/outside/index.js'), module]);
  const fail = `require(${JSON.stringify(entry)}); require(${JSON.stringify(module)}).fail()`;
  const { stderr } = await runProgram([process.execPath, '--enable-source-maps', '-e', fail], { env: {} });
  t.true(stderr.includes(`${module}:6:`), stderr);
});

test('a module with top-level await finds packages and files at their locations too', async (t) => {
  const { sources, module, entry } = await compiled(t, `${TEXTS['src/a.ts']} await Promise.resolve();`);
  t.deepEqual(await evaluate(entry, 'loaded.all()'), ['words', join(sources, 'node_modules/outside/index.js'), module]);
});
