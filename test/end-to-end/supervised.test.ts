/** An agent and its supervisor: the environment, the run without a supervisor, and the exit of both. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { connect } from '../../src/client/index.ts';
import { activate, agentCommand, isAlive } from '../helpers/activator.ts';
import { ENTRY, fixture } from '../helpers/agent.ts';
import { waitForShutdown } from '../helpers/agent-process.ts';
import { heldCall } from '../helpers/held-call.ts';
import { runProgram, startProgram } from '../helpers/program.ts';
import { tempDir } from '../helpers/temp-dir.ts';

type Supervised = typeof import('../fixtures/agents/supervised.ts');

for (const [title, env] of [
  ['by hand', {}],
  ['with sockets that are meant for another process', { LISTEN_PID: '1', LISTEN_FDS: '1' }],
] as const) {
  test(`run ${title} reports the missing supervisor, and names the alternatives`, async (t) => {
    const { status, stdout, stderr } = await runProgram(
      [process.execPath, ENTRY, 'run', fixture('agents/supervised.ts')],
      { env: { ...process.env, ...env } },
    );
    t.is(status, 64);
    t.is(stdout.length, 0);
    t.regex(stderr, /started by launchd or systemd.*ERR_LAUNCHPOOL_NOT_SUPERVISED/);
    t.regex(stderr, /launchpool dev \S+supervised\.ts\n$/);
  });
}

test("handlers do not see the supervisor's variables", async (t) => {
  const held = await activate(t, agentCommand('agents/supervised.ts'));
  await using agent = await connect<Supervised>(held.socketPath);
  const names = await agent.environment();
  t.true(names.includes('PATH'));
  // Except those that the test itself inherited.
  t.deepEqual(
    names.filter((name) => /^(LISTEN|NOTIFY|WATCHDOG|LAUNCHPOOL)_/.test(name) && !(name in process.env)),
    [],
  );
});

if (process.platform === 'linux') {
  test('a program that a handler starts inherits no socket', async (t) => {
    const held = await activate(t, agentCommand('agents/supervised.ts'));
    await using agent = await connect<Supervised>(held.socketPath);
    const open = await agent.inherited();
    t.deepEqual(
      open.filter((fd) => ['2', '3', '4', '5'].includes(fd)),
      ['2'],
    );
  });
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} while a request runs: the request gets its reply, then the agent exits with status 0`, async (t) => {
    const held = await activate(t, agentCommand('agents/supervised.ts'));
    const call = await heldCall(t);
    const agent = await connect<Supervised>(held.socketPath);
    const answer = agent.hold(call.path);
    await call.running;
    const { pid } = await held.reached('started', 1);
    await waitForShutdown(held.socketPath, () => process.kill(pid, signal));
    call.release();
    t.is(await answer, pid);
    // Any other status would be a crash.
    t.is((await held.reached('left', 1)).pid, pid);
  });
}

test('a request that outlasts the drain is answered with an error, and the agent exits', async (t) => {
  const held = await activate(t, agentCommand('agents/supervised.ts', ['--drain', '0.1']));
  const call = await heldCall(t);
  const agent = await connect<Supervised>(held.socketPath);
  const answer = agent.hold(call.path);
  await call.running;
  const { pid } = await held.reached('started', 1);
  process.kill(pid, 'SIGTERM');
  await t.throwsAsync(answer, { code: 'ERR_LAUNCHPOOL_CANCELLED' });
  t.is((await held.reached('left', 1)).pid, pid);
});

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  test(`dev on ${signal} ends its agent and removes its sockets`, async (t) => {
    const socketPath = join(await tempDir(t), 'a.sock');
    const module = fixture('agents/supervised.ts');
    const dev = startProgram(t, [process.execPath, ENTRY, 'dev', module, '--socket', socketPath]);
    await dev.stderr(/the first connection starts it/);
    const agent = await connect<Supervised>(socketPath);
    const pid = await agent.pid();
    t.true(isAlive(pid));
    dev.signal(signal);
    t.is(await dev.ended, 0);
    t.false(isAlive(pid));
    t.deepEqual([existsSync(socketPath), existsSync(socketPath.replace('.sock', '.control.sock'))], [false, false]);
  });
}

test('dev without any connection exits with status 0', async (t) => {
  const socketPath = join(await tempDir(t), 'a.sock');
  const dev = startProgram(t, [process.execPath, ENTRY, 'dev', fixture('agents/echo.ts'), '--socket', socketPath]);
  await dev.stderr(/the first connection starts it/);
  dev.signal('SIGTERM');
  t.is(await dev.ended, 0);
  t.false(existsSync(socketPath));
});
