/** `launchpool dev` with a module and its changes. */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { connectRpc } from '../../../src/client/rpc.ts';
import { isAlive } from '../../helpers/activator.ts';
import { ENTRY } from '../../helpers/agent.ts';
import { writeTree } from '../../helpers/materialise.ts';
import { type Running, startProgram } from '../../helpers/program.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { until } from '../../helpers/until.ts';
import '../../helpers/with-compile-cache.ts';

type Dev = Running & { folder: string; call(method: string): Promise<unknown> };

async function startDev(t: ExecutionContext, texts: Readonly<Record<string, string>>): Promise<Dev> {
  const folder = await tempDir(t);
  await writeTree(folder, texts);
  const socket = join(folder, 'a.sock');
  const running = startProgram(t, [process.execPath, ENTRY, 'dev', join(folder, 'agent.ts'), '--socket', socket]);
  await running.stderr(/first connection/);
  const call = async (method: string): Promise<unknown> => {
    const client = await connectRpc(socket);
    try {
      return await client.call(method, []);
    } finally {
      client.close();
    }
  };
  return { ...running, folder, call };
}

test('TypeScript with enums and path aliases runs as in an installation', async (t) => {
  const dev = await startDev(t, {
    'tsconfig.json': '{ "compilerOptions": { "paths": { "~/*": ["./lib/*"] } } }',
    'lib/colour.ts': 'export enum Colour { Red = "red" }',
    'words.txt': 'words',
    'agent.ts': `
      import { readFileSync } from 'node:fs';
      import { Colour } from '~/colour';
      export const colour = () => Colour.Red;
      export const words = () => readFileSync(new URL('./words.txt', import.meta.url), 'utf8');`,
  });
  t.is(await dev.call('colour'), 'red');
  t.is(await dev.call('words'), 'words');
});

test('the version of a module says what it offers, and a change is a version of its own', async (t) => {
  const dev = await startDev(t, { 'agent.ts': 'export const first = () => 1;' });
  const versionOf = async (): Promise<{ module: string; methods: string[] }> => {
    const control = await connectRpc(join(dev.folder, 'a.control.sock'));
    const { module } = (await control.call('status', [])) as { module: string };
    control.close();
    return { module, ...JSON.parse(readFileSync(join(dirname(module), 'launchpool-module.json'), 'utf8')) };
  };
  t.is(await dev.call('first'), 1);
  const first = await versionOf();
  t.deepEqual(first.methods, ['first']);
  await writeTree(dev.folder, { 'agent.ts': 'export const second = () => 2;' });
  await until(async () => (await dev.call('second').catch(() => undefined)) === 2);
  const second = await versionOf();
  t.deepEqual(second.methods, ['second']);
  t.not(second.module, first.module);
});

test('a change of an imported file is loaded, and an error in it is reported with its line and column', async (t) => {
  const dev = await startDev(t, {
    'agent.ts': "export { answer } from './answer.ts';",
    'answer.ts': 'export const answer = () => ;',
  });
  const location = /answer\.ts:1:29/;
  await dev.stderr(location);
  await t.throwsAsync(dev.call('answer'), { code: 'ERR_LAUNCHPOOL_MODULE_NOT_LOADED', message: location });
  await writeTree(dev.folder, { 'answer.ts': 'export const answer = () => 42;' });
  await dev.stderr(/answer\.ts has changed/);
  // The next process loads it, and the file may have been compiled while it was partly written.
  await until(async () => (await dev.call('answer').catch(() => undefined)) === 42);
  t.pass();
});

test('a module that does not end to import: dev ends on SIGTERM, and a change repairs it', async (t) => {
  const folder = await tempDir(t);
  const hangs = `import { writeFileSync } from 'node:fs';
    writeFileSync(${JSON.stringify(join(folder, 'imports'))}, '');
    await new Promise((resolve) => setTimeout(resolve, 2 ** 30));
    export const answer = () => 1;`;
  const start = async (): Promise<Running> => {
    await writeTree(folder, { 'agent.ts': hangs });
    const args = ['dev', join(folder, 'agent.ts'), '--socket', join(folder, 'a.sock'), '--load-timeout', '3600'];
    const running = startProgram(t, [process.execPath, ENTRY, ...args]);
    await until(() => existsSync(join(folder, 'imports')));
    rmSync(join(folder, 'imports'));
    return running;
  };
  const first = await start();
  first.signal('SIGTERM');
  t.is(await first.ended, 0);
  const second = await start();
  await writeTree(folder, { 'agent.ts': 'export const answer = () => 42;' });
  await second.stderr(/first connection/);
  await until(async () => {
    const client = await connectRpc(join(folder, 'a.sock'));
    const answer = await client.call('answer', []).catch(() => undefined);
    client.close();
    return answer === 42;
  });
});

test('a package that stays at its place is loaded by all threads as the first one has loaded it', async (t) => {
  const dep = (version: number): string => `exports.version = ${version}; exports.folder = __dirname;`;
  const dev = await startDev(t, {
    'node_modules/dep/package.json': '{ "name": "dep" }',
    'node_modules/dep/index.js': dep(1),
    'agent.ts': `
      import { version as loaded } from 'dep';
      export const state = () => [loaded, process.pid];
      export const die = () => { setImmediate(() => { throw new Error('dies'); }); return new Promise(() => {}); };`,
  });
  const [first, pid] = (await dev.call('state')) as [number, number];
  t.is(first, 1);
  await writeTree(dev.folder, { 'node_modules/dep/index.js': dep(2) });
  // Another thread takes the place of each that dies.
  await t.throwsAsync(dev.call('die'));
  let found: unknown;
  await until(async () => {
    found = await dev.call('state').catch(() => undefined);
    return found !== undefined;
  });
  const [second, now] = found as [number, number];
  // On a slow machine, dev has noticed the change already, and another process serves.
  t.is(second, now === pid ? 1 : 2);
});

test('the stack of an error shows the user’s sources', async (t) => {
  const dev = await startDev(t, {
    'agent.ts': `// A first line.
export function fail(): never {
  throw new Error('expected');
}`,
  });
  const error = await t.throwsAsync(dev.call('fail'), { message: 'expected' });
  t.regex(error?.stack ?? '', new RegExp(`${dev.folder}/agent\\.ts:3:9`));
});

test('dev removes its files when it ends, also when it cannot start', async (t) => {
  const dev = await startDev(t, { 'agent.ts': 'export const one = () => 1;', 'tmp/empty': '' });
  const sameSocket = ['dev', join(dev.folder, 'agent.ts'), '--socket', join(dev.folder, 'a.sock')];
  const second = startProgram(t, [
    '/usr/bin/env',
    `TMPDIR=${join(dev.folder, 'tmp')}`,
    process.execPath,
    ENTRY,
    ...sameSocket,
  ]);
  await second.stderr(/ERR_LAUNCHPOOL_SOCKET_IN_USE/);
  t.is(await second.ended, 73);
  const third = startProgram(t, [
    '/usr/bin/env',
    `TMPDIR=${join(dev.folder, 'tmp')}`,
    process.execPath,
    ENTRY,
    'dev',
    join(dev.folder, 'agent.ts'),
    '--socket',
    join(dev.folder, 'b.sock'),
  ]);
  await third.stderr(/first connection/);
  t.regex(readdirSync(join(dev.folder, 'tmp')).join(), /^empty,launchpool-dev-/);
  third.signal('SIGTERM');
  t.is(await third.ended, 0);
  t.deepEqual(readdirSync(join(dev.folder, 'tmp')), ['empty']);
});

test('a second signal ends dev, its agent and its temporary folder at once, whatever a request does', async (t) => {
  const folder = await tempDir(t);
  const [temporary, socket] = [join(folder, 'tmp'), join(folder, 'a.sock')];
  await writeTree(folder, {
    'tmp/keep': '',
    'agent.ts':
      'export const pid = () => process.pid; export const never = () => new Promise(() => setInterval(() => 0, 1e6));',
  });
  const args = ['dev', join(folder, 'agent.ts'), '--socket', socket, '--drain', '600'];
  const dev = startProgram(t, ['/usr/bin/env', `TMPDIR=${temporary}`, process.execPath, ENTRY, ...args]);
  await dev.stderr(/first connection/);
  const client = await connectRpc(socket);
  const pid = (await client.call('pid', [])) as number;
  const never = client.call('never', []).catch(() => undefined);
  t.is(readdirSync(temporary).length, 2);
  const signals = setInterval(() => dev.signal('SIGINT'), 100);
  t.teardown(() => clearInterval(signals));
  t.is(await dev.ended, 130);
  await never;
  client.close();
  t.deepEqual(readdirSync(temporary), ['keep']);
  t.deepEqual([existsSync(socket), existsSync(join(folder, 'a.control.sock'))], [false, false]);
  await until(() => !isAlive(pid));
});
