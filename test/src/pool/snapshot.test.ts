/** All threads of a pool run what its first thread has loaded, whatever becomes of the files. */
import { existsSync } from 'node:fs';
import { rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { LaunchpoolError } from '../../../wire/errors.ts';
import { writeTree } from '../../helpers/materialise.ts';
import { type PoolBench, startPoolBench, until } from '../../helpers/pool-bench.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const REASON = new LaunchpoolError('ERR_LAUNCHPOOL_THREAD_EXITED', 'replaced for a test');

/** The file `<name>` appears when a thread waits, and `<name>-open` lets it go on. */
const GATE = `
  import { existsSync, writeFileSync } from 'node:fs';
  import { setTimeout as wait } from 'node:timers/promises';
  import { threadId } from 'node:worker_threads';
  const gate = async (name) => {
    writeFileSync(new URL(name, import.meta.url), '');
    while (!existsSync(new URL(name + '-open', import.meta.url))) await wait(5);
  };
  export const where = () => threadId;`;

type Files = { folder: string; write(name: string, text: string): Promise<void>; waits(gate: string): Promise<void> };

async function files(t: ExecutionContext, texts: Readonly<Record<string, string>>): Promise<Files> {
  const folder = await tempDir(t);
  await writeTree(folder, texts);
  return {
    folder,
    write: (name, text) => writeFile(join(folder, name), text),
    waits: (gate) => until(() => existsSync(join(folder, gate))),
  };
}

function start(t: ExecutionContext, { folder }: Files, threads = 1): PoolBench {
  return startPoolBench(t, { module: join(folder, 'main.mjs'), threads, kind: 'rpc', takesSnapshot: true });
}

/** The answers of the first thread, and of the one that takes its place. */
async function answersOfTwo({ pool, call }: PoolBench, change: () => Promise<void>): Promise<unknown[]> {
  const first = await call('version');
  await change();
  pool.replace((await call('where')) as number, REASON);
  return [first, await call('version')];
}

test('a thread that starts while the first one is in its setup runs the same sources', async (t) => {
  const source = (version: number): string => `${GATE}
    export const setup = () => gate('setup');
    export const version = () => [threadId, ${version}];`;
  const module = await files(t, { 'main.mjs': source(1) });
  const { pool, call } = start(t, module, 2);
  const calls = [call('version')];
  await module.waits('setup');
  await module.write('main.mjs', source(2));
  await until(() => pool.hasRoom());
  calls.push(call('version'));
  await until(() => pool.threads === 2);
  await module.write('setup-open', '');
  const versions = new Map<number, number>();
  await until(async () => {
    calls.push(call('version'), call('version'));
    for (const [thread, version] of (await Promise.all(calls)) as [number, number][]) versions.set(thread, version);
    return versions.size === 2;
  });
  t.deepEqual([...versions.values()], [1, 1]);
});

test('no further thread starts before the first one has imported the module', async (t) => {
  const module = await files(t, { 'main.mjs': `${GATE} await gate('import');` });
  const { pool, call } = start(t, module, 4);
  const calls = [call('where')];
  await module.waits('import');
  pool.fill();
  calls.push(call('where'), call('where'));
  await new Promise(setImmediate);
  t.is(pool.threads, 1);
  await module.write('import-open', '');
  t.is((await Promise.all(calls)).length, 3);
});

test('the minimum of threads starts when the first one has imported the module', async (t) => {
  const module = await files(t, { 'main.mjs': GATE });
  const bench = startPoolBench(t, {
    module: join(module.folder, 'main.mjs'),
    threads: 2,
    minThreads: 2,
    takesSnapshot: true,
  });
  bench.pool.fill();
  t.is(bench.pool.threads, 1);
  await until(() => bench.pool.threads === 2);
});

test('what the first thread has loaded in its setup is part of what further threads run', async (t) => {
  const module = await files(t, {
    'main.mjs': `${GATE} let loaded;
      export const setup = async () => { loaded = await import('./late.mjs'); };
      export const version = () => loaded.version;`,
    'late.mjs': 'export const version = 1;',
  });
  const answers = await answersOfTwo(start(t, module), () => module.write('late.mjs', 'export const version = 2;'));
  t.deepEqual(answers, [1, 1]);
});

/** Versions of a package, by import and by require(). */
const PACKAGE = (version: number): Record<string, string> => ({
  [`store/${version}/package.json`]: JSON.stringify({
    name: 'dep',
    exports: { import: './i.mjs', require: './r.cjs' },
  }),
  [`store/${version}/i.mjs`]: `export const version = 'import ${version}';`,
  [`store/${version}/r.cjs`]: `exports.version = 'require ${version}';`,
});
const USER = `${GATE}
  import { version as imported } from 'dep';
  import { createRequire } from 'node:module';
  const { version: required } = createRequire(import.meta.url)('dep');
  export const version = () => [imported, required].join();`;

test('a package whose link leads to another version stays as it was, for import and require()', async (t) => {
  const module = await files(t, { 'main.mjs': USER, ...PACKAGE(1), ...PACKAGE(2), 'node_modules/other/x.cjs': '' });
  const { folder } = module;
  const link = join(folder, 'node_modules/dep');
  const pointTo = async (version: number): Promise<void> => {
    await symlink(join(folder, `store/${version}`), `${link}-next`);
    await rename(`${link}-next`, link);
  };
  await pointTo(1);
  const bench = start(t, module);
  t.deepEqual(await answersOfTwo(bench, () => pointTo(2)), Array(2).fill('import 1,require 1'));
  await bench.pool.reload(pathToFileURL(join(folder, 'main.mjs')).href);
  t.is(await bench.call('version'), 'import 2,require 2');
});

test('a package with other exports stays as it was', async (t) => {
  const other = { name: 'dep', exports: { import: './new.mjs', require: './new.cjs' } };
  const module = await files(t, {
    'main.mjs': USER,
    'node_modules/dep/package.json': PACKAGE(1)['store/1/package.json'] as string,
    'node_modules/dep/i.mjs': `export const version = 'import 1';`,
    'node_modules/dep/r.cjs': `exports.version = 'require 1';`,
    'node_modules/dep/new.mjs': `export const version = 'import 2';`,
    'node_modules/dep/new.cjs': `exports.version = 'require 2';`,
  });
  const change = (): Promise<void> => module.write('node_modules/dep/package.json', JSON.stringify(other));
  t.deepEqual(await answersOfTwo(start(t, module), change), Array(2).fill('import 1,require 1'));
});
