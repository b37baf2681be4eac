/** What `dev` makes of a module, and of its changes. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { connectRpc } from '../../../src/client/rpc.ts';
import { SOURCES } from '../../helpers/agent.ts';
import { writeTree } from '../../helpers/materialise.ts';
import { type Running, startProgram } from '../../helpers/program.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { until } from '../../helpers/until.ts';

type Dev = Running & { folder: string; call(method: string): Promise<unknown> };

async function startDev(t: ExecutionContext, texts: Readonly<Record<string, string>>): Promise<Dev> {
  const folder = await tempDir(t);
  await writeTree(folder, texts);
  const socket = join(folder, 'a.sock');
  const running = startProgram(t, [process.execPath, SOURCES, 'dev', join(folder, 'agent.ts'), '--socket', socket]);
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

test('TypeScript that is more than types runs as it does when it is installed', async (t) => {
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

test('a change of what the module imports is taken over, and a mistake in it is said with its place', async (t) => {
  const dev = await startDev(t, {
    'agent.ts': "export { answer } from './answer.ts';",
    'answer.ts': 'export const answer = () => ;',
  });
  const place = /answer\.ts:1:29/;
  await dev.stderr(place);
  await t.throwsAsync(dev.call('answer'), { code: 'ERR_LAUNCHPOOL_MODULE_NOT_LOADED', message: place });
  await writeTree(dev.folder, { 'answer.ts': 'export const answer = () => 42;' });
  await dev.stderr(/answer\.ts has changed/);
  // By the next process; and the file may have been seen while it was half written.
  await until(async () => (await dev.call('answer').catch(() => undefined)) === 42);
  t.pass();
});

test("an error's stack shows the user's sources", async (t) => {
  const dev = await startDev(t, {
    'agent.ts': `// A line of its own.
export function fail(): never {
  throw new Error('as it should');
}`,
  });
  const error = await t.throwsAsync(dev.call('fail'), { message: 'as it should' });
  t.regex(error?.stack ?? '', new RegExp(`${dev.folder}/agent\\.ts:3:9`));
});

test('what dev has made is gone when it has ended, also where it cannot begin', async (t) => {
  const dev = await startDev(t, { 'agent.ts': 'export const one = () => 1;', 'tmp/empty': '' });
  const inTheWay = ['dev', join(dev.folder, 'agent.ts'), '--socket', join(dev.folder, 'a.sock')];
  const second = startProgram(t, [
    '/usr/bin/env',
    `TMPDIR=${join(dev.folder, 'tmp')}`,
    process.execPath,
    SOURCES,
    ...inTheWay,
  ]);
  await second.stderr(/ERR_LAUNCHPOOL_SOCKET_IN_USE/);
  t.is(await second.ended, 73);
  const third = startProgram(t, [
    '/usr/bin/env',
    `TMPDIR=${join(dev.folder, 'tmp')}`,
    process.execPath,
    SOURCES,
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
