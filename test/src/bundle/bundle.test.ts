/** Bundles of a module with the user's own sources and files. */
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { bundleModule } from '../../../src/bundle/bundle.ts';
import { writeTree } from '../../helpers/materialise.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { bundled, textsOf } from './bundled.ts';

const NOT_LOADED = 'ERR_LAUNCHPOOL_MODULE_NOT_LOADED';

/** Without the source maps, which every bundle of TypeScript has. */
const pathsOf = ({ files }: { files: readonly { path: string }[] }): string[] =>
  files.map(({ path }) => path).filter((path) => !path.endsWith('.maps.json'));

test('a bundle of a TypeScript module contains its local imports, an enum, and imports by the paths of its tsconfig.json', async (t) => {
  const { bundle, evaluate } = await bundled(t, 'src/rot13.ts', {
    'tsconfig.json': '{ "compilerOptions": { "paths": { "@lib/*": ["./lib/*"] } } }',
    'lib/shout.ts': 'export const shout = (text: string): string => text.toUpperCase();',
    'src/turn.ts': 'export enum Turn { None, Half = 13 }',
    'src/rot13.ts': `
      import { shout } from '@lib/shout';
      import { Turn } from './turn.ts';
      export function hello(name: string) { return [shout(name), Turn.Half, Turn[0]]; }`,
  });
  t.deepEqual(pathsOf(bundle), ['app/rot13.agent.cjs']);
  t.is(bundle.entry, 'app/rot13.agent.cjs');
  t.deepEqual(
    bundle.inputs.map((path) => path.split('/sources/')[1]),
    ['lib/shout.ts', 'src/rot13.ts', 'src/turn.ts'],
  );
  t.deepEqual(await evaluate("loaded.hello('you')"), ['YOU', 13, 'None']);
});

test('in one file, the object of all exports of a module is that of Node', async (t) => {
  const { bundle, evaluate } = await bundled(t, 'a.ts', {
    'package.json': '{ "type": "module" }',
    'a.ts': `
      import * as commands from './commands.ts';
      import * as path from 'node:path';
      const facts = (ns: object) => [
        'toString' in ns, Object.getPrototypeOf(ns), Object.prototype.toString.call(ns), Object.keys(ns).slice(0, 3),
      ];
      export const run = (name: string) => (commands as Record<string, unknown>)[name] === undefined ? 'unknown' : 'known';
      export const all = async () => [facts(commands), facts(await import('./commands.ts')), facts(path)];`,
    'commands.ts': 'export const zeta = 1; export const alpha = 2; export default 3;',
  });
  t.deepEqual(pathsOf(bundle), ['app/a.agent.cjs']);
  t.deepEqual(await evaluate("['zeta', 'toString', 'constructor', '__proto__'].map(loaded.run)"), [
    'known',
    'unknown',
    'unknown',
    'unknown',
  ]);
  const names = ['alpha', 'default', 'zeta'];
  const [statically, dynamically, builtin] = (await evaluate('loaded.all()')) as [unknown[], unknown[], unknown[]];
  t.deepEqual(statically, [false, null, '[object Module]', names]);
  t.deepEqual(dynamically, [false, null, '[object Module]', names]);
  t.deepEqual(builtin.slice(0, 3), [false, null, '[object Module]']);
});

test('the hint on missing imports names the packages to install, and no path in them', async (t) => {
  const folder = await tempDir(t);
  await writeTree(folder, { 'a.ts': "import '@a/b/c.js'; import 'p/sub'; import 'p'; export const answer = () => 1;" });
  const error = await t.throwsAsync<Error & { hint?: string }>(bundleModule(join(folder, 'a.ts')), {
    code: NOT_LOADED,
  });
  t.is(error?.hint, 'Install what is missing: npm install @a/b p');
});

test('default and named exports are kept', async (t) => {
  const { evaluate } = await bundled(t, 'both.ts', {
    'both.ts': 'export default (): string => "default"; export const named = (): string => "named";',
  });
  t.deepEqual(await evaluate('[loaded.default(), loaded.named(), Object.keys(loaded).sort(), loaded.__esModule]'), [
    'default',
    'named',
    ['default', 'named'],
    true,
  ]);
});

test('a CommonJS function stays a function', async (t) => {
  const { evaluate } = await bundled(t, 'function.cjs', {
    'function.cjs': 'module.exports = (text) => text + require("./other.cjs");',
    'other.cjs': 'module.exports = "other";',
  });
  t.is(await evaluate("loaded('an')"), 'another');
});

test('a module with top-level await becomes an ES module, in which require() works', async (t) => {
  const { bundle, evaluate } = await bundled(t, 'late.ts', {
    'late.ts': `
      import { old } from './old.cjs';
      export const value = await Promise.resolve(7);
      export const all = () => [value, old(), import.meta.filename.endsWith('/late.ts')];`,
    'old.cjs': '"use strict"; const { sep } = require("path"); exports.old = () => sep;',
  });
  t.is(bundle.entry, 'app/late.agent.mjs');
  t.deepEqual(await evaluate('loaded.all()'), [7, '/', true]);
});

test('files are found by import.meta and by __dirname, relative to each source', async (t) => {
  const { bundle, evaluate } = await bundled(
    t,
    'src/words.ts',
    {
      'tsconfig.json': '{ "compilerOptions": { "paths": { "@deep": ["./src/deep/deep.ts"] } } }',
      'data/script.sh': '#!/bin/sh\n',
      'src/words.txt': 'beside',
      'src/deep/words.txt': 'deep',
      'src/old/a b#.txt': 'old',
      'src/words.ts': `#!/usr/bin/env node
        import { readFileSync, statSync } from 'node:fs';
        import { join } from 'node:path';
        import { deep } from '@deep';
        import old from './old/old.cjs';
        const beside = (): string => readFileSync(new URL('./words.txt', import.meta.url), 'utf8');
        const mode = (): number => statSync(join(import.meta.dirname, '../data/script.sh')).mode & 0o777;
        export const all = () => [beside(), deep(), old(), mode(), import.meta.filename.split('/app/')[1]];`,
      'src/deep/deep.ts': `
        import { readFileSync } from 'node:fs';
        import { dirname, join } from 'node:path';
        import { fileURLToPath } from 'node:url';
        const __dirname = dirname(fileURLToPath(import.meta.url));
        export const deep = (): string => readFileSync(join(__dirname, 'words.txt'), 'utf8');`,
      'src/old/old.cjs': `// Strict.
        'use strict';
        const { readFileSync } = require('fs');
        const isStrict = (function () { return this === undefined; })();
        module.exports = () => readFileSync(__dirname + '/a b#.txt', 'utf8') + __filename.split('/app/')[1] + isStrict;`,
    },
    (folder) => chmod(join(folder, 'data/script.sh'), 0o755),
  );
  t.deepEqual(pathsOf(bundle), [
    'app/data/script.sh',
    'app/src/deep/words.txt',
    'app/src/old/a b#.txt',
    'app/src/words.agent.cjs',
    'app/src/words.txt',
  ]);
  const expected = ['beside', 'deep', 'oldsrc/old/old.cjstrue', 0o755, 'src/words.ts'];
  t.deepEqual(await evaluate('loaded.all()'), expected);
});

test('a worker of the user stays TypeScript and keeps its module type', async (t) => {
  const { bundle, evaluate } = await bundled(t, 'src/pool.ts', {
    'package.json': '{ "name": "whole", "type": "module" }',
    'node_modules/twice/package.json': '{ "name": "twice" }',
    'node_modules/twice/index.js': 'module.exports = (n) => 2 * n;',
    'src/pool.ts': `
      import { once } from 'node:events';
      import { Worker } from 'node:worker_threads';
      export const answer = async () => (await once(new Worker(new URL('./worker.ts', import.meta.url)), 'message'))[0];`,
    'src/worker.ts': `
      import { parentPort } from 'node:worker_threads';
      import twice from 'twice';
      import { one } from './one.ts';
      const n: number = twice(one);
      parentPort!.postMessage(n);`,
    'src/one.ts': 'export const one: number = 21;',
  });
  t.true(pathsOf(bundle).includes('app/src/worker.ts'));
  t.is(await evaluate('loaded.answer()'), 42);
  const packageJson = bundle.files.find(({ path }) => path === 'app/package.json');
  t.true(packageJson !== undefined && 'source' in packageJson);
});

test('a strict directive takes effect', async (t) => {
  const { evaluate } = await bundled(t, 'strict.ts', {
    'tsconfig.json': '{ "compilerOptions": { "strict": true } }',
    'strict.ts': 'export const strict = () => (function (this: unknown) { return this === undefined; })();',
  });
  t.true(await evaluate('loaded.strict()'));
});

test('an error has its line and column, also in sources that use their location', async (t) => {
  const folder = await tempDir(t);
  await writeTree(folder, {
    'syntax.ts': '\n\nexport const = 5;\n',
    'missing.ts': '#!/usr/bin/env node\n// one\n\ntype A = 1;\nimport "./nowhere.ts";\nimport.meta.url;\n',
  });
  const errorOf = (name: string) => t.throwsAsync(bundleModule(join(folder, name)), { code: NOT_LOADED });
  t.regex((await errorOf('syntax.ts')).message, /syntax\.ts:3:14: Expected identifier/);
  t.regex((await errorOf('missing.ts')).message, /missing\.ts:5:8: Could not resolve/);
  t.regex((await errorOf('not-there.ts')).message, /does not exist: .*not-there\.ts/);
});

test('the same sources give the same bundle in any folder, without a path of the machine', async (t) => {
  const texts = {
    'package.json': '{ "type": "module" }',
    'node_modules/outside/package.json': '{ "name": "outside", "type": "module", "exports": "./index.js" }',
    'node_modules/outside/index.js': 'export default () => import.meta.url;',
    'node_modules/inside/package.json': '{ "name": "inside" }',
    'node_modules/inside/index.js': 'module.exports = 1;',
    'src/words.txt': 'words',
    'src/all.ts': `
      import { readFileSync } from 'node:fs';
      import inside from 'inside';
      import outside from 'outside';
      export const all = () => [inside, outside(), readFileSync(new URL('./words.txt', import.meta.url), 'utf8')];`,
  };
  const make = async () => {
    const folder = await tempDir(t);
    await writeTree(folder, texts);
    const bundle = await bundleModule(join(folder, 'src/all.ts'));
    const contents = await textsOf(bundle);
    t.false(contents.some((text) => text.includes(folder) || text.includes(process.cwd())));
    return bundle.files.map(({ path, mode }, index) => [path, mode, contents[index]]);
  };
  const [first, second] = [await make(), await make()];
  t.true(first.length > 3);
  t.deepEqual(first, second);
});
