/** Small packages and sources of the kinds that a bundler treats in another way than Node: each answers as under Node. */
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { bundleModule } from '../../../src/bundle/bundle.ts';
import type { LaunchpoolError } from '../../../wire/errors.ts';
import { writeTree } from '../../helpers/materialise.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { answersOf, type Source } from './same-as-node.ts';

type Case = Source & { expected: unknown };

const MODULE = '{ "type": "module" }';

const CASES: Readonly<Record<string, Case>> = {
  'a package whose ES file is .mjs keeps its default export': {
    module: 'a.ts',
    texts: {
      'package.json': MODULE,
      'node_modules/p/package.json':
        '{ "name": "p", "exports": { "import": "./index.mjs", "require": "./index.cjs" }, "optionalDependencies": { "q": "1" } }',
      'node_modules/p/index.mjs': 'export default () => "import"; export const other = 1;',
      'node_modules/p/index.cjs': 'module.exports = () => "require";',
      'a.ts': 'import p from "p"; export const answer = () => [typeof p, p()];',
    },
    expected: ['function', 'import'],
  },
  'a package that two packages share is there once': {
    module: 'a.ts',
    texts: {
      'package.json': MODULE,
      'node_modules/shared/package.json': '{ "name": "shared" }',
      'node_modules/shared/index.js': '"use strict"; exports.Type = class Type {};',
      'node_modules/tool/package.json': '{ "name": "tool", "dependencies": { "shared": "1" } }',
      'node_modules/tool/index.js':
        '"use strict"; const { Type } = require("shared"); const own = require(["./o", "wn.js"].join("")); exports.make = () => [new Type(), own];',
      'node_modules/tool/own.js': 'module.exports = "own";',
      'a.ts':
        'import shared from "shared"; import { make } from "tool"; export const answer = () => [make()[0] instanceof shared.Type, make()[1]];',
    },
    expected: [true, 'own'],
  },
  'the conditions are those of Node': {
    module: 'a.ts',
    texts: {
      'package.json': MODULE,
      ...conditional('addons', '"node-addons": "./a.js", "default": "./b.js"'),
      ...conditional('sync', '"module-sync": "./a.js", "default": "./b.js"'),
      ...conditional('bundler', '"module": "./a.js", "default": "./b.js"'),
      ...conditional('browser', '"browser": "./a.js", "node": "./b.js"'),
      'node_modules/field/package.json': '{ "name": "field", "module": "./a.js", "main": "./b.js" }',
      'node_modules/field/a.js': 'module.exports = "a";',
      'node_modules/field/b.js': '"use strict"; module.exports = "b";',
      'node_modules/bare/package.json': '{ "name": "bare", "main": "lib/main" }',
      'node_modules/bare/lib/main.js': '"use strict"; module.exports = "main";',
      'a.ts': `import addons from "addons"; import sync from "sync"; import bundler from "bundler"; import browser from "browser";
        import field from "field"; import bare from "bare";
        export const answer = () => [addons, sync, bundler, browser, field, bare];`,
    },
    expected: ['a', 'a', 'b', 'b', 'b', 'main'],
  },
  'imports run, whatever sideEffects says': {
    module: 'a.ts',
    texts: {
      'package.json': MODULE,
      'node_modules/p/package.json': '{ "name": "p", "type": "module", "exports": "./index.js", "sideEffects": false }',
      'node_modules/p/index.js': 'import "./register.js"; export const unused = 1;',
      'node_modules/p/register.js': 'globalThis.registered = true;',
      'a.ts': 'import "p"; export const answer = () => globalThis.registered ?? false;',
    },
    expected: true,
  },
  'unused imports run in their order, and imports of types do not': {
    module: 'a.ts',
    texts: {
      'package.json': MODULE,
      'one.ts': 'globalThis.order = ["one"]; export const one = 1;',
      'two.ts': '(globalThis as any).order.push("two"); export const two = 2;',
      'three.ts': '(globalThis as any).order.push("three"); export default 3;',
      'types.ts': 'export type Four = 4;',
      'a.ts': `import { one } from "./one.ts"; import { two } from "./two.ts"; import three from "./three.ts";
        import type { Four } from "./nowhere.ts"; import { type Four as Other } from "./types.ts";
        export const answer = (): unknown[] => [(globalThis as any).order, two as unknown as Four | Other];`,
    },
    expected: [['one', 'two', 'three'], 2],
  },
  'classes and functions keep their names': {
    module: 'a.ts',
    texts: {
      'package.json': MODULE,
      'b.ts':
        'export class NotFound extends Error { static make() { return new NotFound(); } } export function go() {}',
      'a.ts': `import { go as other, NotFound as Other } from "./b.ts";
        class NotFound extends Error { static make() { return new NotFound(); } kind() { return new.target?.name ?? this.constructor.name; } }
        function go() {}
        export const answer = () => [NotFound.name, Other.name, go.name, other.name, new Other().constructor.name, NotFound.make().kind()];`,
    },
    expected: ['NotFound', 'NotFound', 'go', 'go', 'NotFound', 'NotFound'],
  },
  'a function of a single source has no helper in its text': {
    module: 'a.mjs',
    texts: {
      'a.mjs':
        'export const answer = () => String(function outer() { const inner = () => 1; return inner; }).split(/\\s+/).join(" ");',
    },
    expected: 'function outer() { const inner = () => 1; return inner; }',
  },
  'an export that changes has its present value': {
    module: 'a.ts',
    texts: {
      'package.json': MODULE,
      'b.ts': 'export let value = 1; export const change = () => { value += 1; };',
      'a.ts': 'import { change, value } from "./b.ts"; export const answer = () => { change(); return value; };',
    },
    expected: 2,
  },
  'this of a CommonJS method is the exports': {
    module: 'a.cjs',
    texts: { 'a.cjs': 'module.exports = { count: 1, answer() { this.count += 1; return this.count; } };' },
    expected: 2,
  },
  'ES modules are in strict mode, and CommonJS files in theirs': {
    module: 'a.ts',
    texts: {
      'package.json': MODULE,
      'node_modules/sloppy/package.json': '{ "name": "sloppy" }',
      'node_modules/sloppy/index.js':
        'exports.isStrict = (function () { return this === undefined; })(); leaked = 5; exports.leaked = globalThis.leaked;',
      'node_modules/strict/package.json': '{ "name": "strict" }',
      'node_modules/strict/index.js':
        '/* License. */ "use strict"; exports.isStrict = (function () { return this === undefined; })();',
      'a.ts': `import sloppy from "sloppy"; import strict from "strict";
        function f(this: unknown) { return this === undefined; }
        export const answer = () => [f(), sloppy.isStrict, sloppy.leaked, strict.isStrict];`,
    },
    expected: [true, false, 5, true],
  },
  'an ES module has no names of CommonJS': {
    module: 'a.mts',
    texts: {
      'node_modules/p/package.json': '{ "name": "p", "type": "module", "exports": "./index.js" }',
      'node_modules/p/index.js':
        'export const kind = typeof module === "undefined" ? "es" : "cjs"; export const r = typeof require;',
      'a.mts': 'import { kind, r } from "p"; export const answer = () => [kind, r, typeof module, typeof exports];',
    },
    expected: ['es', 'undefined', 'undefined', 'undefined'],
  },
  'the default of a CommonJS package is its exports, also in a project without a type': {
    module: 'a.mts',
    texts: {
      'node_modules/p/package.json': '{ "name": "p" }',
      'node_modules/p/index.js':
        '"use strict"; Object.defineProperty(exports, "__esModule", { value: true }); exports.default = 1; exports.two = 2;',
      'b.js': 'import p from "p"; export const keys = Object.keys(p);',
      'a.mts': 'import p from "p"; import { keys } from "./b.js"; export const answer = () => [Object.keys(p), keys];',
    },
    expected: [
      ['default', 'two'],
      ['default', 'two'],
    ],
  },
  'import.meta is that of each source': {
    module: 'src/a.ts',
    texts: {
      'package.json':
        '{ "type": "module", "name": "me", "version": "1.2.3", "imports": { "#dep": "./src/b.ts" }, "exports": "./src/b.ts" }',
      'node_modules/p/package.json': '{ "name": "p" }',
      'node_modules/p/index.js': 'module.exports = 1;',
      'src/b.ts': 'import { basename } from "node:path"; export const file = basename(import.meta.filename);',
      'src/a.ts': `import { readFileSync } from "node:fs"; import { createRequire } from "node:module"; import { basename } from "node:path";
        import { file } from "#dep"; import * as me from "me";
        const require = createRequire(import.meta.url);
        export const answer = () => [file, me.file, basename(import.meta.filename), import.meta.main ?? false,
          import.meta.resolve("./b.ts").endsWith("/src/b.ts"), import.meta.resolve("p").endsWith("/node_modules/p/index.js"),
          basename(require.resolve("./b.ts")), JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")).version];`,
    },
    expected: ['b.ts', 'b.ts', 'a.ts', false, true, true, 'b.ts', '1.2.3'],
  },
  'imports by a computed name find sources, and the same instance': {
    module: 'a.ts',
    texts: {
      'package.json': MODULE,
      'state.ts': 'export const state = { n: 0 };',
      'handlers/one.ts': 'import { state } from "../state.ts"; export const run = () => (state.n += 1);',
      'handlers/two.ts': 'import { state } from "../state.ts"; export const run = () => (state.n += 10);',
      'a.ts': `import { state } from "./state.ts";
        export const answer = async () => { for (const name of ["one", "two"]) (await import(\`./handlers/\${name}.ts\`)).run(); return state.n; };`,
    },
    expected: 11,
  },
  'circular imports, and top-level await in a package': {
    module: 'a.ts',
    texts: {
      'package.json': MODULE,
      'node_modules/late/package.json': '{ "name": "late", "type": "module", "exports": "./index.js" }',
      'node_modules/late/index.js': 'export const value = await Promise.resolve(import.meta.url.split("/").at(-1));',
      'b.ts': 'import { one } from "./a.ts"; export const two = () => one() + 1;',
      'a.ts':
        'import { two } from "./b.ts"; import { value } from "late"; export const one = () => 1; export const answer = () => [two(), value];',
    },
    expected: [2, 'index.js'],
  },
  'JSON, WebAssembly and text beside a package': {
    module: 'a.mts',
    texts: {
      'node_modules/p/package.json':
        '{ "name": "p", "type": "module", "exports": { ".": "./index.js", "./data.json": "./data.json" } }',
      'node_modules/p/index.js':
        'import { readFileSync } from "node:fs"; import data from "./data.json" with { type: "json" }; export { data }; export const text = () => readFileSync(new URL("./t.txt", import.meta.url), "utf8");',
      'node_modules/p/data.json': '{ "n": 1 }',
      'node_modules/p/t.txt': 'text',
      'a.mts':
        'import data from "p/data.json" with { type: "json" }; import { data as same, text } from "p"; export const answer = () => [data === same, data, text()];',
    },
    expected: [true, { n: 1 }, 'text'],
  },
  'a thread and a child of the sources': {
    module: 'a.ts',
    texts: {
      'package.json': MODULE,
      'node_modules/p/package.json': '{ "name": "p" }',
      'node_modules/p/index.js': 'module.exports = "p";',
      'thread.ts':
        'import { parentPort } from "node:worker_threads"; import p from "p"; const n: number = 1; parentPort!.postMessage([p, n]);',
      'child.mjs': 'import p from "p"; process.send(p);',
      'a.ts': `import { fork } from "node:child_process"; import { once } from "node:events"; import { Worker } from "node:worker_threads";
        export const answer = async () => [
          (await once(new Worker(new URL("./thread.ts", import.meta.url)), "message"))[0],
          (await once(fork(new URL("./child.mjs", import.meta.url)), "message"))[0] ];`,
    },
    expected: [['p', 1], 'p'],
  },
  'a package that is named in a string alone, with what it depends on': {
    module: 'a.ts',
    texts: {
      'package.json': '{ "type": "module", "dependencies": { "engine": "1", "plugin": "1" } }',
      'node_modules/engine/package.json': '{ "name": "engine" }',
      'node_modules/engine/index.js': 'exports.use = (name) => require(name)();',
      'node_modules/plugin/package.json': '{ "name": "plugin", "dependencies": { "deep": "1" } }',
      'node_modules/plugin/index.js': 'module.exports = () => require("deep");',
      'node_modules/deep/package.json': '{ "name": "deep" }',
      'node_modules/deep/index.js': 'module.exports = "deep";',
      'a.ts': 'import engine from "engine"; export const answer = () => engine.use("plugin");',
    },
    expected: 'deep',
  },
  'undeclared dependencies, peers and optional ones': {
    module: 'a.ts',
    texts: {
      'package.json': MODULE,
      'node_modules/p/package.json':
        '{ "name": "p", "peerDependencies": { "peer": "1" }, "optionalDependencies": { "extra": "1", "absent": "1" } }',
      'node_modules/p/index.js':
        'const get = (name) => { try { return require(name); } catch { return null; } }; exports.all = () => [require("undeclared"), get("peer"), get("extra"), get("absent")];',
      'node_modules/undeclared/package.json': '{ "name": "undeclared" }',
      'node_modules/undeclared/index.js': 'module.exports = "undeclared";',
      'node_modules/peer/package.json': '{ "name": "peer" }',
      'node_modules/peer/index.js': 'module.exports = "peer";',
      'node_modules/extra/package.json': '{ "name": "extra" }',
      'node_modules/extra/index.js': 'module.exports = "extra";',
      'a.ts': 'import { all } from "p"; export const answer = () => all();',
    },
    expected: ['undeclared', 'peer', 'extra', null],
  },
  'a module in a node_modules itself': {
    module: 'lib/node_modules/tool/src/agent.js',
    texts: {
      'lib/node_modules/tool/package.json': '{ "name": "tool", "type": "module" }',
      'lib/node_modules/tool/src/agent.js':
        'import { readFileSync } from "node:fs"; import dep from "dep"; import { x } from "./x.js"; export const answer = () => [dep, x, readFileSync(new URL("../data.txt", import.meta.url), "utf8")];',
      'lib/node_modules/tool/src/x.js': 'export const x = 1;',
      'lib/node_modules/tool/data.txt': 'data',
      'lib/node_modules/dep/package.json': '{ "name": "dep" }',
      'lib/node_modules/dep/index.js': 'module.exports = __filename.split("/").slice(-2);',
    },
    expected: [['dep', 'index.js'], 1, 'data'],
  },
  'a linked package of a workspace is a source': {
    module: 'packages/app/src/a.ts',
    texts: {
      'package.json': '{ "private": true }',
      'packages/app/package.json': '{ "name": "app", "type": "module", "dependencies": { "@me/lib": "*" } }',
      'packages/app/src/a.ts': 'import { twice } from "@me/lib"; export const answer = () => twice("a");',
      'packages/lib/package.json': '{ "name": "@me/lib", "type": "module", "exports": "./src/index.ts" }',
      'packages/lib/src/index.ts':
        'import { readFileSync } from "node:fs"; import p from "p"; export const twice = (s: string): string => s + s + p + readFileSync(new URL("./t.txt", import.meta.url), "utf8");',
      'packages/lib/src/t.txt': 't',
      'node_modules/p/package.json': '{ "name": "p" }',
      'node_modules/p/index.js': 'module.exports = __dirname.split("/").at(-1);',
    },
    prepare: async (folder) => {
      await mkdir(join(folder, 'node_modules/@me'), { recursive: true });
      await symlink('../../packages/lib', join(folder, 'node_modules/@me/lib'));
    },
    expected: 'aapt',
  },
  'a require() of an ES module with top-level await is refused as under Node, and an import works': {
    module: 'a.ts',
    texts: {
      'package.json': MODULE,
      'node_modules/late/package.json': '{ "name": "late", "type": "module", "exports": "./index.js" }',
      'node_modules/late/index.js': 'await 1; export default "late";',
      'node_modules/old/package.json': '{ "name": "old", "dependencies": { "late": "1" } }',
      'node_modules/old/index.js':
        'try { module.exports = require("late"); } catch (error) { module.exports = error.code; }',
      'a.ts': 'import old from "old"; import late from "late"; export const answer = () => [late, old];',
    },
    expected: ['late', 'ERR_REQUIRE_ASYNC_MODULE'],
  },
  'files and packages that are included': {
    module: 'a.ts',
    texts: {
      'package.json': '{ "type": "module", "launchpool": { "include": ["locales/**", "by-name"] } }',
      'locales/de/a.json': '{ "hello": "hallo" }',
      'node_modules/loader/package.json': '{ "name": "loader" }',
      'node_modules/loader/index.js': 'exports.load = (short) => require("by-" + short);',
      'node_modules/by-name/package.json': '{ "name": "by-name" }',
      'node_modules/by-name/index.js': 'module.exports = "found";',
      'words/a.txt': 'words',
      'a.ts': `import { readFileSync } from "node:fs"; import { load } from "loader";
        const at = (path: string) => new URL(["./", path].join(""), import.meta.url);
        export const answer = () => [JSON.parse(readFileSync(at("locales/de/a.json"), "utf8")).hello, load("name"), readFileSync(at("words/a.txt"), "utf8")];`,
    },
    include: ['words'],
    expected: ['hallo', 'found', 'words'],
  },
};

function conditional(name: string, exports: string): Record<string, string> {
  return {
    [`node_modules/${name}/package.json`]: `{ "name": "${name}", "type": "module", "exports": { ${exports} } }`,
    [`node_modules/${name}/a.js`]: 'export default "a";',
    [`node_modules/${name}/b.js`]: 'export default "b";',
  };
}

for (const [title, { expected, ...source }] of Object.entries(CASES)) {
  test(title, async (t) => {
    const { plain, inPlace, moved } = await answersOf(t, source);
    t.deepEqual({ plain, inPlace, moved }, { plain: expected, inPlace: expected, moved: expected });
  });
}

const DECORATED = `function log(target: unknown) { return target; }
@log
export class A { constructor(readonly text: string) {} }
export const answer = () => 1;`;

test('decorators whose metadata the compiler does not write are refused, with the file and what to do', async (t) => {
  const texts = {
    'tsconfig.base.json': '{ "compilerOptions": { "experimentalDecorators": true, "emitDecoratorMetadata": true } }',
    'tsconfig.json': '{ "extends": "./tsconfig.base.json" }',
    'a.ts': DECORATED,
  };
  const folder = await tempDir(t);
  await writeTree(folder, texts);
  const error = await t.throwsAsync<LaunchpoolError>(bundleModule(join(folder, 'a.ts')));
  t.is(error.code, 'ERR_LAUNCHPOOL_MODULE_NOT_LOADED');
  t.regex(error.message, /a\.ts has decorators.*tsconfig\.json asks for emitDecoratorMetadata/);
  t.regex(error.hint ?? '', /tsc/);
});

test("Yarn Plug'n'Play is refused by name", async (t) => {
  const folder = await tempDir(t);
  await writeTree(folder, { '.pnp.cjs': '', 'src/a.ts': 'export const answer = () => 1;' });
  const error = await t.throwsAsync<LaunchpoolError>(bundleModule(join(folder, 'src/a.ts')));
  t.regex(error.message, /Yarn Plug'n'Play/);
  t.regex(error.hint ?? '', /nodeLinker/);
});

test('an included name without a package and without a file is refused', async (t) => {
  const source = { module: 'a.mjs', texts: { 'a.mjs': 'export const answer = () => 1;' }, include: ['nowhere/**'] };
  await t.throwsAsync(answersOf(t, source), { code: 'ERR_LAUNCHPOOL_MODULE_NOT_LOADED', message: /"nowhere\/\*\*"/ });
});
