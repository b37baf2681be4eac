/** `launchpool dev` while what it needs goes and comes back. */
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { connectRpc } from '../../../src/client/rpc.ts';
import { SOURCES } from '../../helpers/agent.ts';
import { writeTree } from '../../helpers/materialise.ts';
import { type Running, startProgram } from '../../helpers/program.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { RECHECK_MS, until } from '../../helpers/until.ts';
import '../../helpers/with-compile-cache.ts';

type Dev = Running & { folder: string; project: string; answers(value: unknown): Promise<void> };

async function startDev(t: ExecutionContext, texts: Readonly<Record<string, string>>): Promise<Dev> {
  t.timeout(300_000);
  const folder = await tempDir(t);
  const project = join(folder, 'project');
  await writeTree(project, texts);
  await mkdir(join(folder, 'tmp'));
  const socket = join(folder, 'a.sock');
  const running = startProgram(t, [
    '/usr/bin/env',
    `TMPDIR=${join(folder, 'tmp')}`,
    process.execPath,
    SOURCES,
    'dev',
    join(project, 'agent.ts'),
    '--socket',
    socket,
  ]);
  await running.stderr(/first connection/);
  const call = async (): Promise<unknown> => {
    const client = await connectRpc(socket);
    try {
      return await client.call('answer', []);
    } finally {
      client.close();
    }
  };
  const answers = async (value: unknown): Promise<void> => {
    while ((await call().catch(() => undefined)) !== value) await wait(RECHECK_MS);
  };
  return { ...running, folder, project, answers };
}

test.serial('a package and a file that are missing are noticed when they come', async (t) => {
  const dev = await startDev(t, {
    'package.json': '{ "type": "module" }',
    'agent.ts': "import { b } from './later/b.ts'; import p from 'p'; export const answer = () => p + b;",
  });
  await writeTree(dev.project, { 'later/b.ts': 'export const b = 1;' });
  await writeTree(dev.project, { 'node_modules/p/index.js': 'module.exports = 41;' });
  await writeTree(dev.project, { 'node_modules/p/package.json': '{ "name": "p" }' });
  await dev.answers(42);
  t.pass();
});

test.serial('what a package lacks is noticed when it comes', async (t) => {
  const dev = await startDev(t, {
    'package.json': '{ "type": "module" }',
    'agent.ts': "import p from 'p'; export const answer = () => p;",
    'node_modules/p/package.json': '{ "name": "p", "type": "module", "exports": "./index.js" }',
    'node_modules/p/index.js': "export { default } from 'q';",
  });
  await writeTree(dev.project, { 'node_modules/q/index.js': 'module.exports = 7;' });
  await writeTree(dev.project, { 'node_modules/q/package.json': '{ "name": "q" }' });
  await dev.answers(7);
  t.pass();
});

test.serial('a project that is replaced by another one is compiled again, and its changes are noticed', async (t) => {
  const dev = await startDev(t, { 'agent.ts': 'export const answer = () => 1;' });
  await dev.answers(1);
  await writeTree(join(dev.folder, 'next'), { 'agent.ts': 'export const answer = () => 2;' });
  renameSync(dev.project, join(dev.folder, 'old'));
  renameSync(join(dev.folder, 'next'), dev.project);
  await dev.answers(2);
  await writeTree(dev.project, { 'agent.ts': 'export const answer = () => 3;' });
  await dev.answers(3);
  t.pass();
});

test.serial('its own temporary folder comes back', async (t) => {
  const dev = await startDev(t, { 'agent.ts': 'export const answer = () => 1;' });
  const [own = ''] = readdirSync(join(dev.folder, 'tmp'));
  rmSync(join(dev.folder, 'tmp', own), { recursive: true });
  await until(() => existsSync(join(dev.folder, 'tmp', own, 'module')));
  await writeTree(dev.project, { 'agent.ts': 'export const answer = () => 2;' });
  await dev.answers(2);
  t.pass();
});
