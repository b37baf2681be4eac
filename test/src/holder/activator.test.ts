/** The activator with real agents: start on demand, shutdown when idle, and no lost connection in between. */

import { once } from 'node:events';
import { statSync } from 'node:fs';
import { connect as connectSocket } from 'node:net';
import test from 'ava';
import { type Agent, connect } from '../../../src/client/index.ts';
import type { FileReport } from '../../../wire/file-report.ts';
import { activate, agentCommand, isAlive } from '../../helpers/activator.ts';
import { waitForShutdown } from '../../helpers/agent-process.ts';
import { heldCall } from '../../helpers/held-call.ts';
import { until } from '../../helpers/until.ts';

type Supervised = typeof import('../../fixtures/agents/supervised.ts');

const supervised = (path: string): Promise<Agent<Supervised>> => connect<Supervised>(path);

async function pidAt(path: string): Promise<number> {
  await using agent = await supervised(path);
  return await agent.pid();
}

test('an agent without a connection is not started', async (t) => {
  const quiet = await activate(t, agentCommand('agents/echo.ts'));
  const busy = await activate(t, agentCommand('agents/supervised.ts', ['--idle', '0.1']));
  await pidAt(busy.socketPath);
  await busy.reached('left', 1);
  t.deepEqual(quiet.all('started'), []);
  t.is(quiet.all('waiting').length, 1);
});

test('an agent that starts at once needs no connection, and starts again after a restart', async (t) => {
  const held = await activate(t, agentCommand('agents/supervised.ts', ['--idle', '0']), { startsAtOnce: true });
  const first = await held.reached('started', 1);
  await pidAt(held.socketPath);
  held.restart();
  const second = await held.reached('started', 2);
  t.not(second.pid, first.pid);
  t.is(await pidAt(held.socketPath), second.pid);
});

test('an agent that has started at once and exited starts with the next connection', async (t) => {
  const held = await activate(t, agentCommand('agents/supervised.ts', ['--idle', '1']), { startsAtOnce: true });
  await pidAt(held.socketPath);
  await held.reached('left', 1);
  await held.reached('waiting', 2);
  t.is(held.all('started').length, 1);
  t.is(await pidAt(held.socketPath), (await held.reached('started', 2)).pid);
});

test('the first connection starts the agent and gets a reply', async (t) => {
  const held = await activate(t, agentCommand('agents/supervised.ts'));
  const pid = await pidAt(held.socketPath);
  t.deepEqual(held.all('started'), [{ event: 'started', pid }]);
  t.not(pid, process.pid);
});

test('one process serves all connections', async (t) => {
  const held = await activate(t, agentCommand('agents/supervised.ts'));
  const pids = await Promise.all([1, 2, 3].map(() => pidAt(held.socketPath)));
  pids.push(await pidAt(held.socketPath));
  t.is(new Set(pids).size, 1);
  t.is(held.all('started').length, 1);
});

test('an idle agent exits, and the next connection on the same socket starts another one', async (t) => {
  const held = await activate(t, agentCommand('agents/supervised.ts', ['--idle', '0.1']));
  const { ino } = statSync(held.socketPath);
  const first = await pidAt(held.socketPath);
  await until(() => held.all('left').some(({ pid }) => pid === first));
  t.false(isAlive(first));
  const second = await pidAt(held.socketPath);
  t.not(second, first);
  t.is(statSync(held.socketPath).ino, ino);
});

test('a connection during the shutdown is served by the next agent', async (t) => {
  const held = await activate(t, agentCommand('agents/supervised.ts'));
  const call = await heldCall(t);
  const busy = await supervised(held.socketPath);
  const answer = busy.hold(call.path);
  await call.running;
  const { pid } = await held.reached('started', 1);
  await waitForShutdown(held.socketPath, () => process.kill(pid, 'SIGTERM'));

  const late = await supervised(held.socketPath);
  const lateAnswer = late.pid();
  call.release();
  t.is(await answer, pid);
  t.is((await held.reached('left', 1)).pid, pid);
  t.is(await lateAnswer, (await held.reached('started', 2)).pid);
});

test('a killed agent is reported as crashed, and the next connection is served', async (t) => {
  const held = await activate(t, agentCommand('agents/supervised.ts'));
  const pid = await pidAt(held.socketPath);
  process.kill(pid, 'SIGKILL');
  t.like(await held.reached('crashed', 1), { pid, status: 'signal SIGKILL' });
  t.not(await pidAt(held.socketPath), pid);
});

test('a restart is no crash, and the next connection starts a new agent', async (t) => {
  const held = await activate(t, agentCommand('agents/supervised.ts'));
  const pid = await pidAt(held.socketPath);
  held.restart();
  t.is((await held.reached('left', 1)).pid, pid);
  t.not(await pidAt(held.socketPath), pid);
  t.deepEqual(held.all('crashed'), []);
});

test('a restart of a starting agent is no crash, and the waiting connection is served', async (t) => {
  const held = await activate(t, agentCommand('agents/supervised.ts'));
  const answer = pidAt(held.socketPath);
  await held.reached('started', 1);
  held.restart();
  t.is(await answer, (await held.reached('started', 2)).pid);
  t.deepEqual(held.all('crashed'), []);
});

test('a restart without an agent starts none, and does not hide a later crash', async (t) => {
  const held = await activate(t, agentCommand('agents/supervised.ts'));
  held.restart();
  process.kill(await pidAt(held.socketPath), 'SIGKILL');
  t.is((await held.reached('crashed', 1)).status, 'signal SIGKILL');
  t.is(held.all('started').length, 1);
});

test('a connection to the control socket starts no agent', async (t) => {
  const held = await activate(t, agentCommand('agents/supervised.ts'));
  const asking = connectSocket(held.controlPath);
  t.teardown(() => asking.destroy());
  await once(asking, 'connect');
  const other = await activate(t, agentCommand('agents/supervised.ts'));
  await pidAt(other.socketPath);
  t.deepEqual(held.all('started'), []);
});

test('an agent in development reports the files of its module', async (t) => {
  const first = Promise.withResolvers<FileReport>();
  const command = agentCommand('agents/supervised.ts', ['--development']);
  const held = await activate(t, command, { onFiles: first.resolve });
  await pidAt(held.socketPath);
  const { files, written } = await first.promise;
  t.regex(files.join(), /agents\/supervised\.ts$/);
  t.deepEqual(written, []);
});
