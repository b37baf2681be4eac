/** Modules that cannot be loaded: every queued client gets the error, and the agent is not restarted in a loop. */
import test from 'ava';
import { connectRaw } from '../../src/client/index.ts';
import { connectRpc } from '../../src/client/rpc.ts';
import { ENTRY, fixture, holdAgent } from '../helpers/agent.ts';
import { startProgram } from '../helpers/program.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { until } from '../helpers/until.ts';

const BROKEN: ReadonlyArray<[module: string, code: string, message: RegExp]> = [
  ['missing.ts', 'ERR_LAUNCHPOOL_MODULE_NOT_LOADED', /missing\.ts/],
  ['syntax-error.ts', 'ERR_LAUNCHPOOL_MODULE_NOT_LOADED', /SyntaxError/],
  ['exits.ts', 'ERR_LAUNCHPOOL_MODULE_NOT_LOADED', /process\.exit\(3\)/],
  ['throws.ts', 'ERR_LAUNCHPOOL_MODULE_NOT_LOADED', /while loading/],
  ['setup-throws.ts', 'ERR_LAUNCHPOOL_MODULE_NOT_LOADED', /no database/],
  ['no-exports.ts', 'ERR_LAUNCHPOOL_MODULE_NO_EXPORTS', /exports no function/],
  ['both-kinds.ts', 'ERR_LAUNCHPOOL_MODULE_BOTH_KINDS', /named/],
];

for (const [module, code, message] of BROKEN) {
  test(`${module}: every queued client gets the reason, and the agent exits`, async (t) => {
    const held = await holdAgent(t, fixture(`broken/${module}`), ['--idle', '0', '--min-uptime', '5']);
    const [one, two] = await Promise.all([connectRpc(held.socketPath), connectRpc(held.socketPath)]);
    const raw = await connectRaw(held.socketPath);
    // All at once: the agent exits soon, and a later client would start another one.
    const [reply] = await Promise.all([
      raw.request('no JSON at all'),
      t.throwsAsync(one.call('hello', []), { code, message }),
      t.throwsAsync(two.call('hello', []), { code, message }),
    ]);
    const answer = JSON.parse(String(reply));
    t.is(answer.id, null);
    t.is(answer.error.data.code, code);

    const { status } = await held.event('crashed');
    t.is(status, 'exit status 66');
    t.is(held.events.filter(({ event }) => event === 'started').length, 1);
  });
}

test('a module that exports `then` loads like any other', async (t) => {
  const { socketPath } = await holdAgent(t, fixture('broken/exports-then.ts'));
  const client = await connectRpc(socketPath);
  t.is(await client.call('hello', []), 'hello');
  await t.throwsAsync(client.call('then', []), { code: 'ERR_LAUNCHPOOL_METHOD_NOT_FOUND' });
  client.close();
});

test('the reason is on standard error, and a repaired module works', async (t) => {
  const folder = await tempDir(t);
  const { writeFile } = await import('node:fs/promises');
  await writeFile(`${folder}/agent.ts`, 'export const hello = ;');
  const dev = startProgram(t, [process.execPath, ENTRY, 'dev', `${folder}/agent.ts`, '--socket', `${folder}/a.sock`]);
  await dev.stderr(/first connection/);
  const client = await connectRpc(`${folder}/a.sock`);
  await t.throwsAsync(client.call('hello', []), { code: 'ERR_LAUNCHPOOL_MODULE_NOT_LOADED' });
  await dev.stderr(/module-broken: .*cannot be compiled: agent\.ts:1:\d+/);

  await writeFile(`${folder}/agent.ts`, 'export const hello = (): string => "repaired";');
  await until(async () => {
    const again = await connectRpc(`${folder}/a.sock`);
    const answer = await again.call('hello', []).catch(() => undefined);
    again.close();
    return answer === 'repaired';
  });
});

for (const flags of [['--idle', 'soon'], ['--nonsense'], ['--authkey-file', '/not/there']]) {
  test(`run ${flags.join(' ')}: queued clients get the error of the invalid option, and do not restart the agent again and again`, async (t) => {
    const held = await holdAgent(t, fixture('agents/echo.ts'), flags);
    const client = await connectRpc(held.socketPath);
    await t.throwsAsync(client.call('hello', []), { code: 'ERR_LAUNCHPOOL_OPTION_INVALID' });
    const { status } = await held.event('crashed');
    t.is(status, 'exit status 64');
    t.is(held.events.filter(({ event }) => event === 'started').length, 1);
  });
}

test('a module that cannot be loaded without free descriptors is loaded when there are some', async (t) => {
  const folder = await tempDir(t);
  const { writeFile } = await import('node:fs/promises');
  // The situation of a thread that starts while no descriptor is free.
  await writeFile(
    `${folder}/agent.ts`,
    `import { existsSync, writeFileSync } from 'node:fs';
    if (!existsSync('${folder}/tried')) {
      writeFileSync('${folder}/tried', '');
      throw Object.assign(new Error('too many open files'), { code: 'EMFILE' });
    }
    export const pid = (): number => process.pid;`,
  );
  const held = await holdAgent(t, `${folder}/agent.ts`, ['--threads', '1', '--min-uptime', '120']);
  const client = await connectRpc(held.socketPath);
  await t.throwsAsync(client.call('pid', []), {
    code: 'ERR_LAUNCHPOOL_MODULE_NOT_LOADED',
    message: /too many open files/,
  });
  // The agent loads the module again while requests come.
  const { pid } = await held.event('started');
  await until(async () => (await client.call('pid', []).catch(() => undefined)) === pid);
  client.close();
});
