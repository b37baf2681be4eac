/** The threads of the agent as the package ships it: their limits, and their replacement in a reload. */
import { rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { connectRpc } from '../../src/client/rpc.ts';
import { activate } from '../helpers/activator.ts';
import { fixture } from '../helpers/agent.ts';
import { builtProgram } from '../helpers/built-program.ts';
import { tempDir } from '../helpers/temp-dir.ts';

const command = [process.execPath, builtProgram(), 'run', '--log-level', 'silent'] as const;

for (const flags of [['--thread-memory', '32'], ['--thread-memory=32']]) {
  test(`${flags.join(' ')}: the limit holds for the first thread, which starts before the flags are parsed, and for the next`, async (t) => {
    const cache = ['--cache', await tempDir(t)];
    const held = await activate(t, [...command, fixture('agents/contained.ts'), '--threads', '1', ...cache, ...flags]);
    const client = await connectRpc(held.socketPath);
    for (let times = 0; times < 2; times += 1) {
      await t.throwsAsync(client.call('eatsMemory', []), { code: 'ERR_LAUNCHPOOL_THREAD_EXITED', message: /memory/ });
      t.is(await client.call('add', [1, 2]), 3);
    }
    t.is(held.all('started').length, 1);
    client.close();
  });
}

test('a reload loads the present module at the path; a module that does not load is refused', async (t) => {
  const folder = await tempDir(t);
  const path = join(folder, 'module');
  let count = 0;
  async function put(source: string): Promise<void> {
    count += 1;
    const [file, link] = [join(folder, `version-${count}.mjs`), join(folder, 'unfinished')];
    await writeFile(file, source);
    await symlink(file, link);
    await rename(link, path);
  }
  await put('export const version = () => 1;');
  const held = await activate(t, [...command, path, '--threads', '1', '--cache', join(folder, 'cache')]);
  const client = await connectRpc(held.socketPath);
  const control = await connectRpc(held.controlPath);
  t.is(await client.call('version', []), 1);
  await put('await 0; export const version = () => 2;');
  t.like(await control.call('reload', []), { kind: 'rpc', methods: ['version'] });
  t.is(await client.call('version', []), 2);
  await put('throw new Error("not loadable");');
  await t.throwsAsync(control.call('reload', []), { code: 'ERR_LAUNCHPOOL_RELOAD_FAILED', message: /not loadable/ });
  t.is(await client.call('version', []), 2);
  t.is(held.all('started').length, 1);
  client.close();
  control.close();
});
