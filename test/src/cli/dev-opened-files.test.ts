/** `launchpool dev` watches what its agent opens, beside what it imports. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { connectRpc } from '../../../src/client/rpc.ts';
import { ENTRY } from '../../helpers/agent.ts';
import { writeTree } from '../../helpers/materialise.ts';
import { startProgram } from '../../helpers/program.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { RECHECK_MS } from '../../helpers/until.ts';
import '../../helpers/with-compile-cache.ts';

type Dev = {
  project: string;
  call(method: string, ...params: unknown[]): Promise<unknown>;
  /** Resolves when `answer` returns the value. */
  answers(value: unknown): Promise<void>;
};

async function startDev(t: ExecutionContext, texts: Readonly<Record<string, string>>): Promise<Dev> {
  t.timeout(300_000);
  const folder = await tempDir(t);
  const project = join(folder, 'project');
  await writeTree(project, { 'package.json': '{ "type": "module" }', ...texts });
  const socket = join(folder, 'a.sock');
  const running = startProgram(t, [process.execPath, ENTRY, 'dev', join(project, 'agent.ts'), '--socket', socket]);
  await running.stderr(/first connection/);
  const call = async (method: string, ...params: unknown[]): Promise<unknown> => {
    const client = await connectRpc(socket);
    try {
      return await client.call(method, params);
    } finally {
      client.close();
    }
  };
  const answers = async (value: unknown): Promise<void> => {
    while ((await call('answer').catch(() => undefined)) !== value) await wait(RECHECK_MS);
  };
  return { project, call, answers };
}

const HEAD = `
  import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
  import { createRequire } from 'node:module';
  import { join } from 'node:path';
  const named = (...parts: string[]): string => join(import.meta.dirname, parts.join(''));
  export const pid = () => process.pid;`;

test('a file that is read when the module loads', async (t) => {
  const { project, answers } = await startDev(t, {
    'agent.ts': `${HEAD} const text = readFileSync(named('wor', 'ds.txt'), 'utf8'); export const answer = () => text;`,
    'words.txt': 'one',
  });
  await answers('one');
  writeFileSync(join(project, 'words.txt'), 'two');
  await answers('two');
  t.pass();
});

test('a file that a request reads, and whose text the module keeps', async (t) => {
  const { project, answers } = await startDev(t, {
    'agent.ts': `${HEAD} let text: string; export const answer = () => (text ??= readFileSync(named('wor', 'ds.txt'), 'utf8'));`,
    'words.txt': 'one',
  });
  await answers('one');
  writeFileSync(join(project, 'words.txt'), 'two');
  await answers('two');
  t.pass();
});

test('a file of a package that the agent requires, and one that this file reads', async (t) => {
  const { project, answers } = await startDev(t, {
    'agent.ts': `${HEAD} import p from 'p'; export const answer = () => p;`,
    'node_modules/p/package.json': '{ "name": "p" }',
    'node_modules/p/index.js': `
      const fs = require('fs');
      module.exports = require('./part') + fs.readFileSync(__dirname + '/' + ['da', 'ta'].join('') + '.txt', 'utf8');`,
    'node_modules/p/part.js': `module.exports = 'a'`,
    'node_modules/p/data.txt': '1',
  });
  await answers('a1');
  writeFileSync(join(project, 'node_modules/p/part.js'), `module.exports = 'b'`);
  await answers('b1');
  writeFileSync(join(project, 'node_modules/p/data.txt'), '2');
  await answers('b2');
  t.pass();
});

test('a folder that the agent lists', async (t) => {
  const { project, answers } = await startDev(t, {
    'agent.ts': `${HEAD} const names = readdirSync(named('plug', 'ins')).join(); export const answer = () => names;`,
    'plugins/a.txt': '',
  });
  await answers('a.txt');
  writeFileSync(join(project, 'plugins', 'b.txt'), '');
  await answers('a.txt,b.txt');
  t.pass();
});

test('a file that is not there yet', async (t) => {
  const { project, answers } = await startDev(t, {
    'agent.ts': `${HEAD}
      let text = 'none';
      try { text = readFileSync(named('set', 'tings'), 'utf8'); } catch {}
      export const answer = () => text;`,
  });
  await answers('none');
  writeFileSync(join(project, 'settings'), 'some');
  await answers('some');
  t.pass();
});

test('a file that is asked for and not there', async (t) => {
  const { project, answers } = await startDev(t, {
    'agent.ts': `${HEAD}
      const file = named('set', 'tings');
      const text = existsSync(file) ? readFileSync(file, 'utf8') : 'none';
      export const answer = () => text;`,
  });
  await answers('none');
  writeFileSync(join(project, 'settings'), 'some');
  await answers('some');
  t.pass();
});

test('a source that the agent writes once is watched on', async (t) => {
  const { project, call, answers } = await startDev(t, {
    'agent.ts': `${HEAD}
      import { value } from './generated.ts';
      export const generate = () => writeFileSync(join(import.meta.dirname, 'generated.ts'), 'export const value = 2;');
      export const answer = () => value;`,
    'generated.ts': 'export const value = 1;',
  });
  await answers(1);
  await call('generate');
  await answers(2);
  writeFileSync(join(project, 'generated.ts'), 'export const value = 3;');
  await answers(3);
  t.pass();
});

test('what the agent writes itself is no change', async (t) => {
  const { project, call, answers } = await startDev(t, {
    'agent.ts': `${HEAD}
      const store = named('st', 'ore.json');
      let count = Number(existsSync(store) ? readFileSync(store, 'utf8') : '0');
      readdirSync(import.meta.dirname);
      export const add = () => { writeFileSync(store + '.new', String(++count)); renameSync(store + '.new', store); return count; };
      const text = readFileSync(named('wor', 'ds.txt'), 'utf8');
      export const answer = () => text;`,
    'store.json': '5',
    'words.txt': 'one',
  });
  await answers('one');
  const pid = await call('pid');
  for (const count of [6, 7, 8]) t.is(await call('add'), count);
  // A change that does count is noticed by the same check of the files.
  t.is(await call('pid'), pid);
  writeFileSync(join(project, 'words.txt'), 'two');
  await answers('two');
  t.is(await call('add'), 9);
});
