/** Packages that are bundled, and packages that are laid out beside the bundle. */
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { writeTree } from '../../helpers/materialise.ts';
import { bundled } from './bundled.ts';

const NODE_MODULES = fileURLToPath(new URL('../../../node_modules', import.meta.url));

const externalFiles = ({ files }: { files: readonly { path: string }[] }): string[] =>
  files.map(({ path }) => path).filter((path) => path.includes('node_modules'));

const linkModules = (folder: string): Promise<void> => symlink(NODE_MODULES, join(folder, 'node_modules'));

const GETPID = `
  import koffi from 'koffi';
  const getpid = koffi.load(null).func('int getpid()');`;

test('a package of scripts alone is bundled with its dependencies', async (t) => {
  const { bundle, evaluate } = await bundled(t, 'a.ts', {
    'node_modules/plain/package.json': '{ "name": "plain", "main": "main.js" }',
    'node_modules/plain/main.js': '"use strict"; exports.answer = () => require("other") + require("./data.json").two;',
    'node_modules/plain/data.json': '{ "two": 2 }',
    'node_modules/other/package.json': '{ "name": "other", "exports": { "module": "./no.js", "default": "./yes.js" } }',
    'node_modules/other/no.js': 'export default 0;',
    'node_modules/other/yes.js': '"use strict"; module.exports = 40;',
    'a.ts': "import { answer } from 'plain'; export { answer };",
  });
  t.deepEqual(externalFiles(bundle), []);
  t.is(await evaluate('loaded.answer()'), 42);
});

test('a package that reads its own file goes along whole', async (t) => {
  const { bundle, evaluate } = await bundled(t, 'src/a.ts', {
    'node_modules/reader/package.json': '{ "name": "reader", "main": "lib/main.js" }',
    'node_modules/reader/lib/main.js':
      "exports.read = () => require('fs').readFileSync(require('path').join(__dirname, '../data.txt'), 'utf8');",
    'node_modules/reader/data.txt': 'data',
    'node_modules/reader/unused.txt': 'unused',
    'src/a.ts': "import { read } from 'reader'; export { read };",
  });
  t.deepEqual(externalFiles(bundle), [
    'app/node_modules/reader/data.txt',
    'app/node_modules/reader/lib/main.js',
    'app/node_modules/reader/package.json',
    'app/node_modules/reader/unused.txt',
  ]);
  t.is(await evaluate('loaded.read()'), 'data');
});

test('a package that starts a thread stays external, with the code of the thread', async (t) => {
  const { evaluate } = await bundled(t, 'a.ts', {
    'node_modules/threads/package.json': '{ "name": "threads", "type": "module", "exports": "./index.js" }',
    'node_modules/threads/index.js': `
      import { once } from 'node:events';
      import { Worker } from 'node:worker_threads';
      export const ask = async () => (await once(new Worker(new URL('./thread.js', import.meta.url)), 'message'))[0];`,
    'node_modules/threads/thread.js': `
      import { parentPort } from 'node:worker_threads';
      import { word } from './word.js';
      parentPort.postMessage(word);`,
    'node_modules/threads/word.js': "export const word = 'from a thread';",
    'a.ts': "import { ask } from 'threads'; export { ask };",
  });
  t.is(await evaluate('loaded.ask()'), 'from a thread');
});

for (const type of ['module', 'commonjs']) {
  test(`external packages keep their default and named exports in a project of type ${type}`, async (t) => {
    const { evaluate } = await bundled(t, 'a.ts', {
      'package.json': JSON.stringify({ type }),
      'node_modules/es/package.json': '{ "name": "es", "type": "module", "exports": "./index.js" }',
      'node_modules/es/index.js': 'export default () => "es"; export const url = import.meta.url;',
      'node_modules/cjs/package.json': '{ "name": "cjs" }',
      'node_modules/cjs/index.js': 'module.exports = () => "cjs"; module.exports.here = __dirname;',
      'a.ts': `
        import cjs, { here } from 'cjs';
        import es, { url } from 'es';
        import * as all from 'es';
        export const names = async () => [es(), cjs(), typeof url, typeof here, all.default(), (await import('es')).default()];`,
    });
    t.deepEqual(await evaluate('loaded.names()'), ['es', 'cjs', 'string', 'string', 'es', 'es']);
  });
}

test('packages that are found by require.resolve() or createRequire() are present', async (t) => {
  const { evaluate } = await bundled(t, 'a.mts', {
    'node_modules/plain/package.json': '{ "name": "plain" }',
    'node_modules/plain/index.js': 'module.exports = "plain";',
    'node_modules/asked/package.json': '{ "name": "asked" }',
    'node_modules/asked/index.js': 'module.exports = "asked";',
    'old.cjs': 'exports.asked = () => require(require("path").join(require.resolve("asked"), "..", "index.js"));',
    'a.mts': `
      import { createRequire } from 'node:module';
      import old from './old.cjs';
      const require = createRequire(import.meta.url);
      export const both = () => [require('plain'), old.asked()];`,
  });
  t.deepEqual(await evaluate('loaded.both()'), ['plain', 'asked']);
});

test('links in the style of pnpm are kept', async (t) => {
  const [reader, other] = ['reader', 'other'].map((name) => `node_modules/.pnpm/${name}@1.0.0/node_modules`);
  const texts = {
    [`${reader}/reader/package.json`]: '{ "name": "reader" }',
    [`${reader}/reader/index.js`]: "exports.read = () => require('other')(__dirname + '/data.txt');",
    [`${reader}/reader/data.txt`]: 'data',
    [`${other}/other/package.json`]: '{ "name": "other" }',
    [`${other}/other/index.js`]: "module.exports = (path) => require('fs').readFileSync(path, 'utf8');",
    'a.ts': "export { read } from 'reader';",
  };
  const { bundle, evaluate } = await bundled(t, 'a.ts', texts, async (folder) => {
    await symlink('.pnpm/reader@1.0.0/node_modules/reader', join(folder, 'node_modules/reader'));
    await symlink('../../other@1.0.0/node_modules/other', join(folder, `${reader}/other`));
  });
  const link = bundle.files.find(({ path }) => path === `app/${reader}/other`);
  t.like(link, { link: '../../other@1.0.0/node_modules/other' });
  t.is(await evaluate('loaded.read()'), 'data');
});

test('a package with a native part works from another folder', async (t) => {
  const texts = { 'a.ts': `${GETPID} export const isRight = () => getpid() === process.pid;` };
  const { evaluate } = await bundled(t, 'a.ts', texts, linkModules);
  t.true(await evaluate('loaded.isRight()'));
});

test('a package with a native part works in a thread of the user', async (t) => {
  const texts = {
    'package.json': '{ "type": "module" }',
    'thread.ts': `
      import { parentPort } from 'node:worker_threads';
      ${GETPID}
      parentPort!.postMessage(getpid() === process.pid);`,
    'a.ts': `
      import { once } from 'node:events';
      import { Worker } from 'node:worker_threads';
      export const isRight = async () => (await once(new Worker(new URL('./thread.ts', import.meta.url)), 'message'))[0];`,
  };
  const { evaluate } = await bundled(t, 'a.ts', texts, linkModules);
  t.true(await evaluate('loaded.isRight()'));
});

test('a package with parts for platforms is present whole, without a broken link in it', async (t) => {
  const prepare = async (folder: string): Promise<void> => {
    const part = join(folder, 'node_modules/native-here');
    await mkdir(part, { recursive: true });
    await writeTree(part, { 'package.json': '{ "name": "native-here" }', 'deep/part.bin': 'part' });
    await symlink('nowhere', join(part, 'link'));
    await writeFile(join(folder, 'node_modules/native/odd.bin'), 'odd');
  };
  const texts = {
    'node_modules/native/package.json': JSON.stringify({
      name: 'native',
      optionalDependencies: { 'native-here': '1', 'native-elsewhere': '1' },
    }),
    'node_modules/native/index.js':
      "exports.part = (name) => require.resolve(['native', name].join('-') + '/deep/part.bin');",
    'a.ts': "import { part } from 'native'; export const isThere = () => part('here').endsWith('part.bin');",
  };
  const { bundle, evaluate } = await bundled(t, 'a.ts', texts, prepare);
  t.deepEqual(externalFiles(bundle), [
    'app/node_modules/native-here/deep/part.bin',
    'app/node_modules/native-here/package.json',
    'app/node_modules/native/index.js',
    'app/node_modules/native/odd.bin',
    'app/node_modules/native/package.json',
  ]);
  t.true(await evaluate('loaded.isThere()'));
});

test("launchpool's own functions for handlers bring no other package along", async (t) => {
  const { bundle, evaluate } = await bundled(t, 'a.mts', {
    'node_modules/launchpool/package.json':
      '{ "name": "launchpool", "type": "module", "exports": { ".": "./index.js", "./handler": "./handler.js" }, "dependencies": { "compiler": "1" } }',
    'node_modules/launchpool/handler.js': 'export const file = import.meta.url;',
    'node_modules/launchpool/index.js': 'import "compiler";',
    'node_modules/compiler/package.json': '{ "name": "compiler" }',
    'node_modules/compiler/index.js': '',
    'a.mts': "import { file } from 'launchpool/handler'; export const name = () => file.split('/').at(-1);",
  });
  t.false(externalFiles(bundle).some((path) => path.includes('compiler')));
  t.is(await evaluate('loaded.name()'), 'handler.js');
});
