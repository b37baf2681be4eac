/** The handlers of modules, for each way of writing a module. */
import { copyFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import test from 'ava';
import type { LaunchpoolError } from '../../wire/errors.ts';
import { type Handlers, importHandlers } from '../../workers/handlers.ts';
import { methodCaller } from '../../workers/method-caller.ts';
import { writeTree } from '../helpers/materialise.ts';
import { tempDir } from '../helpers/temp-dir.ts';

async function loadHandlers(url: string): Promise<Handlers> {
  const { handlers, setUp } = await importHandlers(url);
  await setUp();
  return handlers;
}

const NOT_LOADED = 'ERR_LAUNCHPOOL_MODULE_NOT_LOADED';
const NO_EXPORTS = 'ERR_LAUNCHPOOL_MODULE_NO_EXPORTS';
const BOTH_KINDS = 'ERR_LAUNCHPOOL_MODULE_BOTH_KINDS';

const fixture = (name: string): string => new URL(`../fixtures/${name}`, import.meta.url).href;

/** For an RPC agent, the results of its methods; for a raw agent, its reply to three bytes. */
async function describe(handlers: Handlers): Promise<unknown> {
  if (handlers.kind === 'raw') return handlers.handle(Uint8Array.of(1, 2, 3));
  const call = methodCaller(handlers);
  const results = await Promise.all([...handlers.methods].map(async (name) => [name, await call(name, ['you'])]));
  return Object.fromEntries(results) as unknown;
}

const LOADED: readonly [what: string, module: string, expected: unknown][] = [
  [
    'the methods of an ES module are its functions without classes, values and reserved names',
    'rpc.ts',
    {
      declared: 'declared',
      asynchronous: 'asynchronous',
      arrow: 'arrow',
      bound: 'declared',
      'with spaces': 'arrow',
      constructor: 'arrow',
      toString: 'arrow',
    },
  ],
  ['an ES module with a default function is raw', 'raw.ts', Uint8Array.of(3, 2, 1)],
  ['a default export that is not a function is ignored', 'default-object.ts', { hello: 'hello' }],
  ['CommonJS exports are methods', 'exports.cjs', { hello: 'hello' }],
  [
    'CommonJS exports that a static scan does not find are methods',
    'exports-in-a-loop.cjs',
    { hello: 'hello', 'with spaces': 'with spaces' },
  ],
  [
    'the methods of a CommonJS object are all of its functions',
    'object.cjs',
    { hello: 'hello', 'with spaces': 'with spaces', computed1: 'computed', short: 'short', spread: 'spread' },
  ],
  ['getters of a transpiled module are methods', 'getters.cjs', { hello: 'hello' }],
  ['a CommonJS function is raw', 'function.cjs', Uint8Array.of(3, 2, 1)],
  ['a CommonJS function with data is raw', 'function-with-data.cjs', Uint8Array.of(3, 2, 1)],
  ['a transpiled default export is raw', 'transpiled-default.cjs', Uint8Array.of(3, 2, 1)],
  ['a CommonJS property named default is raw', 'default-property.cjs', Uint8Array.of(3, 2, 1)],
  ['the methods of CommonJS in TypeScript are its functions', 'typescript.cts', { hello: 'hello you' }],
  ['a CommonJS module that exports then is loaded', 'then.cjs', { hello: 'hello' }],
];

for (const [what, module, expected] of LOADED) {
  test(what, async (t) => {
    t.deepEqual(await describe(await loadHandlers(fixture(`modules/${module}`))), expected);
  });
}

test('an ES module that exports then is loaded', async (t) => {
  t.deepEqual(await describe(await loadHandlers(fixture('broken/exports-then.ts'))), { hello: 'hello' });
});

test('a module can be loaded from a data URL', async (t) => {
  t.deepEqual(await describe(await loadHandlers('data:text/javascript,export const hello = () => 1')), { hello: 1 });
});

const REFUSED: readonly [what: string, module: string, code: string][] = [
  ['a class as default export', 'modules/default-class.ts', NO_EXPORTS],
  ['a CommonJS class', 'modules/class.cjs', NO_EXPORTS],
  ['CommonJS null', 'modules/null.cjs', NO_EXPORTS],
  ['a module without functions', 'broken/no-exports.ts', NO_EXPORTS],
  ['an ES module of both kinds', 'broken/both-kinds.ts', BOTH_KINDS],
  ['a CommonJS function with methods', 'modules/function-with-methods.cjs', BOTH_KINDS],
  ['a transpiled module of both kinds', 'modules/transpiled-both.cjs', BOTH_KINDS],
  ['a missing module', 'modules/not-there.ts', NOT_LOADED],
  ['a module that imports a missing module', 'modules/missing-import.mjs', NOT_LOADED],
  ['a module with a syntax error', 'broken/syntax-error.ts', NOT_LOADED],
  ['a module that throws', 'broken/throws.ts', NOT_LOADED],
  ['a module whose setup throws', 'broken/setup-throws.ts', NOT_LOADED],
  ['a module whose setup rejects', 'modules/setup-rejects.ts', NOT_LOADED],
  ['a module whose exports cannot be read', 'modules/throwing-getter.cjs', NOT_LOADED],
  ['a folder', 'modules/', NOT_LOADED],
];

for (const [what, module, code] of REFUSED) {
  test(`${what} is refused with ${code} and where it is`, async (t) => {
    const url = fixture(module);
    const { message } = await t.throwsAsync(loadHandlers(url), { code });
    t.true(message.startsWith(url) || message.startsWith(fileURLToPath(url)), message);
  });
}

test('the error of a module of both kinds lists its named exports', async (t) => {
  const { message } = await t.throwsAsync(loadHandlers(fixture('broken/both-kinds.ts')));
  t.regex(message, /: named$/);
});

test('the error of a module that cannot be loaded has the reason and the cause', async (t) => {
  const error = await t.throwsAsync(loadHandlers(fixture('broken/throws.ts')));
  t.regex(error.message, /: Error: while loading \(throws\.ts:1:7\)$/);
  t.like(error.cause, { message: 'while loading' });
});

test('the error of a failed setup has the reason, for any thrown value', async (t) => {
  const { message } = await t.throwsAsync(loadHandlers(fixture('modules/setup-rejects.ts')));
  t.regex(message, /failed in its setup\(\): .*no database$/);
});

for (const module of ['not-there.ts', 'missing-import.mjs']) {
  test(`the error of ${module} names the missing file, and not the importing one`, async (t) => {
    const { message } = await t.throwsAsync(loadHandlers(fixture(`modules/${module}`)));
    t.true(message.includes(fileURLToPath(fixture('modules/not-there.ts'))), message);
    t.false(message.includes('data:'), message);
  });
}

test('setup completes before the handlers are returned, and runs each time', async (t) => {
  const url = fixture('modules/setup.ts');
  t.deepEqual(await describe(await loadHandlers(url)), { countSetups: 1 });
  t.deepEqual(await describe(await loadHandlers(url)), { countSetups: 2 });
});

test('the setup of a refused module does not run', async (t) => {
  await t.throwsAsync(loadHandlers(fixture('modules/setup-only.ts')), { code: NO_EXPORTS });
});

test('a CommonJS module can be loaded through a link', async (t) => {
  const link = join(await tempDir(t), 'link.cjs');
  await symlink(fileURLToPath(fixture('modules/exports-in-a-loop.cjs')), link);
  const loaded = await describe(await loadHandlers(pathToFileURL(link).href));
  t.deepEqual(loaded, { hello: 'hello', 'with spaces': 'with spaces' });
});

for (const name of ['with space.cjs', 'per%20cent.cjs', 'há$h#?.cjs', '"quoted\'.cjs']) {
  test(`the file of a CommonJS module can be named ${name}`, async (t) => {
    const path = join(await tempDir(t), name);
    await copyFile(fileURLToPath(fixture('modules/exports-in-a-loop.cjs')), path);
    const loaded = await describe(await loadHandlers(pathToFileURL(path).href));
    t.deepEqual(loaded, { hello: 'hello', 'with spaces': 'with spaces' });
  });
}

test('the hint of a file of a package that is missing names the package', async (t) => {
  const folder = await tempDir(t);
  await writeTree(folder, { 'a.mjs': "import 'absent-package'; export const one = () => 1;" });
  const error = await t.throwsAsync<LaunchpoolError>(importHandlers(pathToFileURL(join(folder, 'a.mjs')).href));
  t.is(
    error.hint,
    'Install the package absent-package; if it is named at run time only, take it along: --include absent-package.',
  );
});
