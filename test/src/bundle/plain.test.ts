/** What rules out that an agent becomes one file, and what does not. */
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { readGraph } from '../../../src/bundle/graph.ts';
import { judge, type Plainness } from '../../../src/bundle/plain.ts';
import { createScope } from '../../../src/bundle/scope.ts';
import { isStrict } from '../../../src/bundle/signs.ts';
import { writeTree } from '../../helpers/materialise.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

/** Judges an ES module with one package, whose file is the given code. */
async function judgePackage(t: ExecutionContext, code: string, type = 'commonjs'): Promise<Plainness> {
  return judgeTree(t, {
    'node_modules/p/package.json': JSON.stringify({ name: 'p', type }),
    'node_modules/p/index.js': code,
    'node_modules/p/other.js': type === 'module' ? 'export const one = 1;' : '',
    'node_modules/p/other.cjs': 'exports.one = 1;',
    'a.mts': "import 'p'; export const answer = () => 1;",
  });
}

async function judgeTree(t: ExecutionContext, texts: Readonly<Record<string, string>>): Promise<Plainness> {
  const folder = await tempDir(t);
  await writeTree(folder, texts);
  const module = join(folder, 'a.mts');
  const scope = createScope(module);
  return judge(await readGraph([module], scope), scope);
}

const RULED_OUT: readonly [code: string, reason: RegExp, type?: string][] = [
  ['exports.at = __dirname;', /location/],
  ['export const at = import.meta.url;', /import\.meta/, 'module'],
  ['exports.load = (name) => require(name);', /computed name/],
  ['exports.load = (name) => import(name);', /computed name/],
  ['const aliased = require; aliased("./other.js");', /computed name/],
  ['exports.main = require.main === module;', /computed name|module/],
  ['exports.at = require.resolve("./other.js");', /computed name|asks where/],
  ['const { createRequire } = require("module");', /require\(\)/],
  ['exports.keys = Object.keys(module);', /uses module/],
  ['exports.value = eval("1 + 1");', /eval/],
  ['Error.prepareStackTrace = (_, frames) => frames;', /stacks/],
  ['const { Worker } = require("node:worker_threads");', /worker_threads/],
  ['const cp = require("child_process"); cp.spawn(process.execPath, ["-e", String(f)]);', /may give a process code/],
  [
    'import { spawn } from "node:child_process"; spawn("node", ["--import", "x"]);',
    /may give a process code/,
    'module',
  ],
  ['const cluster = require("cluster");', /cluster/],
  ['const Module = require("node:module"); Module.prototype.require = () => 1;', /node:module/],
  ['require("vm").runInNewContext("(" + (() => 1) + ")()");', /vm/],
  ['const load = new Function("name", "return import(name)");', /code as text/],
  ['exports.count = arguments.length;', /arguments/],
  ['export const late = await Promise.resolve(1);', /awaits/, 'module'],
  ['if (!module.parent) exports.isProgram = true;', /uses module/],
  ['exports.same = null == module.id;', /uses module/],
  ['exports.has = typeof module.paths;', /uses module/],
  ['exports.any = (key) => module[key];', /uses module/],
  ['exports.f = () => { const module = 1; return module; }; exports.is = module.parent;', /uses module/],
  ['import d, * as all from "./other.cjs"; export const one = all.one + d;', /imports all/, 'module'],
  ['exports.file = module.filename;', /uses module/],
  ['exports.load = module.require("./other.js");', /uses module/],
  ['Object.defineProperty(module, "other", {});', /uses module/],
  ['process.dlopen({ exports: {} }, "x");', /dlopen/],
  ['require("./absent.js");', /not all imports|not there/],
  ['import("absent").catch(() => 1);', /not all imports|not there|late/],
  ['exports.all = module || {};', /uses module/],
  ['exports.send = (f) => f(module);', /uses module/],
  ['export const t = typeof require;', /knows require/, 'module'],
];

for (const [code, reason, type] of RULED_OUT) {
  test(`it is ruled out by: ${code}`, async (t) => {
    const { reason: found } = await judgePackage(t, code, type);
    t.regex(found ?? 'nothing', reason);
  });
}

const PLAIN: readonly [code: string, expected: Partial<Plainness>, type?: string][] = [
  [
    '"use strict"; exports.one = 1; // require(name), __dirname and import.meta in a comment',
    { strict: 'all', format: 'cjs' },
  ],
  [
    '"use strict"; try { exports.native = require("absent"); } catch { exports.native = undefined; }',
    { strict: 'all' },
  ],
  ['"use strict"; const has = typeof module !== "undefined" && module && module.exports;', { strict: 'all' }],
  ['"use strict"; exports.last = (rows) => { let module = rows[0]; return module; };', { strict: 'all' }],
  ['"use strict"; exports.runs = (rows) => { let module = 1; if (module === rows) module = 2; };', { strict: 'all' }],
  ['"use strict"; exports.run = require("child_process").spawn;', { strict: 'all' }],
  ['"use strict"; Object.defineProperty(module, "exports", { get: () => ({}) });', { strict: 'all' }],
  ['"use strict"; { const module = require("node:path"); exports.p = module.parse; }', { strict: 'all' }],
  ['"use strict"; exports.text = "import(name)"; exports.re = /require/;', { strict: 'all' }],
  ['import * as path from "node:path"; export const name = path.basename("a/b");', { strict: 'all' }, 'module'],
  ['export const late = async () => (await import("./other.js")).one;', { strict: 'all' }, 'module'],
  ['export const late = () => import("./other.js");', { strict: 'all' }, 'module'],
  ['"use strict"; exports.o = { require: 1, module: 2 }.require;', { strict: 'all' }],
  [
    '(function (f) { typeof exports === "object" && typeof module !== "undefined" ? module.exports = f() : 0; })(() => 1);',
    { strict: 'apart' },
  ],
  ['exports.sloppy = 1;', { strict: 'apart' }],
  ['export const kind = typeof module;', { strict: 'all', format: 'esm' }, 'module'],
  ['export const tag = Object.prototype.toString.call([]);', { strict: 'all', format: 'cjs' }, 'module'],
];

for (const [code, expected, type] of PLAIN) {
  test(`it is not ruled out by: ${code}`, async (t) => {
    t.like(await judgePackage(t, code, type), { reason: undefined, ...expected });
  });
}

test('optional dependencies and files that are no scripts rule it out', async (t) => {
  const optional = await judgeTree(t, {
    'node_modules/p/package.json': '{ "name": "p", "optionalDependencies": { "native": "1" } }',
    'node_modules/p/index.js': '"use strict";',
    'a.mts': "import 'p'; export const answer = () => 1;",
  });
  t.regex(optional.reason ?? '', /optional dependencies/);
  const native = await judgeTree(t, {
    'node_modules/p/package.json': '{ "name": "p" }',
    'node_modules/p/index.js': '"use strict"; require("./a.node");',
    'node_modules/p/a.node': '',
    'a.mts': "import 'p'; export const answer = () => 1;",
  });
  t.regex(native.reason ?? '', /no script/);
});

test('a default import of what may have `__esModule`, also by way of another file, rules it out in a file without a kind', async (t) => {
  const texts = (importer: string): Record<string, string> => ({
    'node_modules/p/package.json': '{ "name": "p" }',
    'node_modules/p/index.js': '"use strict"; module.exports = require("./real.js");',
    'node_modules/p/real.js': '"use strict"; exports.__esModule = true; exports.default = 1;',
    'a.mts': `import './${importer}'; export const answer = () => 1;`,
    [importer]: "import p from 'p'; console.log(p);",
  });
  t.regex((await judgeTree(t, texts('b.ts'))).reason ?? '', /without a kind/);
  t.is((await judgeTree(t, texts('b.mts'))).reason, undefined);
});

test('a script of a package without imports and exports is of the kind of its package', async (t) => {
  const texts = (type: string): Record<string, string> => ({
    'node_modules/p/package.json': JSON.stringify({ name: 'p', type }),
    'node_modules/p/index.js': 'globalThis.loose = (function () { return this; })();',
    'a.mts': "import 'p'; export const answer = () => 1;",
  });
  t.like(await judgeTree(t, texts('commonjs')), { strict: 'apart' });
  t.like(await judgeTree(t, texts('module')), { strict: 'all' });
});

test('own sources keep their location in one file, and not what only Node has', async (t) => {
  const own = (code: string): Promise<Plainness> => judgeTree(t, { 'a.mts': `${code} export const answer = () => 1;` });
  t.is((await own('export const at = () => [import.meta.url, import.meta.dirname];')).reason, undefined);
  t.regex((await own('export const at = () => import.meta.resolve("./x.js");')).reason ?? '', /import\.meta/);
  t.regex((await own('export const run = (page: any) => page.evaluate(() => 1);')).reason ?? '', /code elsewhere/);
});

test('the directive of strict mode is found behind comments, in linear time, and only as the first statement', (t) => {
  t.true(isStrict('#!/usr/bin/env node\n/* a *//* b */ // c\n\n"use strict"; f();'));
  t.true(isStrict("'use strict'"));
  t.false(isStrict('f(); "use strict";'));
  t.false(isStrict('/* "use strict"; */'));
  t.false(isStrict(`${' '.repeat(100_000)}/*${'* '.repeat(100_000)}`));
});
