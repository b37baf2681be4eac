/** The end of an activator: close, kill, and a failed start. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { connect, connectRaw } from '../../../src/client/index.ts';
import { activate, agentCommand, isAlive, listenTo, serveCommand } from '../../helpers/activator.ts';
import { fixture } from '../../helpers/agent.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import '../../helpers/with-compile-cache.ts';

test('close ends the agent and removes both sockets', async (t) => {
  const held = await activate(t, agentCommand('agents/echo.ts'));
  const client = await connectRaw(held.socketPath);
  await client.request('ping');
  const { pid } = await held.reached('started', 1);
  t.true(existsSync(held.controlPath));
  await held.close();
  t.false(isAlive(pid));
  t.is(held.all('left').length, 1);
  t.deepEqual([existsSync(held.socketPath), existsSync(held.controlPath)], [false, false]);
});

test('close without an agent removes both sockets', async (t) => {
  const held = await activate(t, agentCommand('agents/echo.ts'));
  await held.close();
  t.deepEqual([existsSync(held.socketPath), existsSync(held.controlPath)], [false, false]);
  t.deepEqual(held.all('started'), []);
});

test('close ends an agent that is starting', async (t) => {
  const held = await activate(t, agentCommand('agents/echo.ts'));
  const answer = listenTo(held.socketPath).catch(() => undefined);
  const { pid } = await held.reached('started', 1);
  await held.close();
  await answer;
  t.false(isAlive(pid));
  t.is(held.all('started').length, 1);
});

test('close kills an agent that ignores SIGTERM', async (t) => {
  const held = await activate(t, serveCommand('--stubborn', '--times', '2'), { stopMs: 50 });
  const pid = Number(await listenTo(held.socketPath));
  await held.close();
  t.false(isAlive(pid));
});

test('restart kills an agent that ignores SIGTERM', async (t) => {
  t.timeout(120_000);
  const held = await activate(t, serveCommand('--stubborn', '--times', '2'), { stopMs: 50 });
  const pid = await listenTo(held.socketPath);
  held.restart();
  await held.reached('left', 1);
  t.not(await listenTo(held.socketPath), pid);
});

test('an agent shuts down when its holder is killed, and another holder can take the socket', async (t) => {
  const socketPath = join(await tempDir(t), 'a.sock');
  const command = agentCommand('agents/supervised.ts', ['--idle', '0']);
  const holder = spawn(process.execPath, [fixture('programs/holder.ts'), socketPath, ...command], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.teardown(() => holder.kill('SIGKILL'));
  await once(holder.stdout, 'data');
  const agent = await connect<typeof import('../../fixtures/agents/supervised.ts')>(socketPath);
  const pid = await agent.pid();
  t.teardown(() => isAlive(pid) && process.kill(pid, 'SIGKILL'));

  // The agent has inherited standard error, which ends after both processes.
  const bothExited = once(holder.stderr.resume(), 'end');
  holder.kill('SIGKILL');
  await bothExited;
  // The agent has closed gracefully, so the call connects again, to a socket without a holder.
  await t.throwsAsync(agent.pid(), { code: 'ERR_LAUNCHPOOL_CONNECT_FAILED' });
  const held = await activate(t, serveCommand(), { socketPath });
  t.is(await listenTo(socketPath), String((await held.reached('started', 1)).pid));
});

test('a second activator on the same socket is refused, and the first keeps working', async (t) => {
  const held = await activate(t, agentCommand('agents/echo.ts'));
  const { ino } = statSync(held.socketPath);
  const { socketPath } = held;
  await t.throwsAsync(activate(t, agentCommand('agents/echo.ts'), { socketPath }), {
    code: 'ERR_LAUNCHPOOL_SOCKET_IN_USE',
  });
  const client = await connectRaw(socketPath);
  t.is(String(await client.request('ping')), 'ping');
  t.is(statSync(socketPath).ino, ino);
});

test('a control socket in use makes the activator release the agent socket', async (t) => {
  const folder = await tempDir(t);
  const inTheWay = await activate(t, agentCommand('agents/echo.ts'), { socketPath: join(folder, 'a.control.sock') });
  const socketPath = join(folder, 'a.sock');
  await t.throwsAsync(activate(t, agentCommand('agents/echo.ts'), { socketPath }), {
    code: 'ERR_LAUNCHPOOL_SOCKET_IN_USE',
  });
  t.false(existsSync(socketPath));
  t.true(existsSync(inTheWay.socketPath));
});
