/** Requests that are cancelled, timed out, or left by a disconnected client, wherever they are. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { AgentStatus } from '../../src/agent/status.ts';
import { close, connect, notify, withOptions } from '../../src/client/index.ts';
import { fixture, holdAgent, type TestAgent } from '../helpers/agent.ts';
import { heldCall } from '../helpers/held-call.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { until } from '../helpers/until.ts';

type Cancellable = typeof import('../fixtures/agents/cancellable.ts');
const AGENT = fixture('agents/cancellable.ts');
/** A timeout that may expire at any point of the test. */
const SOON_MS = 300;
/** A timeout that expires after the steps before it. */
const LATER_MS = 1_500;

const textOf = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '');

async function hold(t: ExecutionContext, ...flags: string[]): Promise<TestAgent & { file: string }> {
  const held = await holdAgent(t, AGENT, ['--threads', '1', ...flags]);
  return { ...held, file: join(await tempDir(t), 'file') };
}

/**
 * The code of the agent's error. On a machine that is busy, the client's own timer fires first, or the time is over before the
 * request starts.
 */
async function agentErrorCode(call: () => Promise<unknown>, mustStart = false): Promise<unknown> {
  for (;;) {
    const code = await call().then(
      () => 'no refusal',
      (error) => error.code,
    );
    const isAgain = code === 'ERR_LAUNCHPOOL_CALL_TIMEOUT' || (mustStart && code === 'ERR_LAUNCHPOOL_QUEUE_TIMEOUT');
    if (!isAgain) return code;
  }
}

test('an aborted call fires the signal of its handler, whose thread stays', async (t) => {
  const { socketPath, file } = await hold(t);
  await using agent = await connect<Cancellable>(socketPath);
  const thread = await agent.where();
  const call = await heldCall(t);
  const giveUp = new AbortController();
  const answer = withOptions(agent, { signal: giveUp.signal }).heeding(call.path, file);
  await call.running;
  giveUp.abort(new Error('enough'));
  await t.throwsAsync(answer, { message: 'enough' });
  await until(() => textOf(file) === 'ERR_LAUNCHPOOL_CANCELLED\n');
  t.is(await agent.where(), thread);
});

test('a handler that goes on after its cancellation costs its neighbours nothing, and does not keep the agent running', async (t) => {
  // Long enough that a thread answers on a machine that is busy: one that does not is replaced.
  const { socketPath, controlPath, event } = await hold(t, '--cancel-grace', '1', '--idle', '1');
  const agent = await connect<Cancellable>(socketPath);
  const control = await connect<{ status(): AgentStatus }>(controlPath);
  const thread = await agent.where();
  const [call, other] = [await heldCall(t), await heldCall(t)];
  const giveUp = new AbortController();
  const answer = withOptions(agent, { signal: giveUp.signal }).deaf(call.path);
  const neighbour = agent.holds(other.path);
  await Promise.all([call.running, other.running]);
  giveUp.abort(new Error('enough'));
  await t.throwsAsync(answer, { message: 'enough' });
  await until(async () => (await control.status()).counters.orphaned === 1);
  other.release();
  t.is(await neighbour, thread);
  t.is(await agent.where(), thread);
  t.is((await control.status()).restarts, 0);
  await Promise.all([close(agent), close(control)]);
  t.true((await event('left')).pid > 0);
});

test('a running request that times out gets an error, though its thread never returns', async (t) => {
  const { socketPath } = await hold(t, '--cancel-grace', '0.1');
  await using agent = await connect<Cancellable>(socketPath);
  const thread = await agent.where();
  const call = await heldCall(t);
  const refusal = await agentErrorCode(() => withOptions(agent, { timeoutMs: LATER_MS }).endless(call.path), true);
  t.is(refusal, 'ERR_LAUNCHPOOL_RUN_TIMEOUT');
  t.not(await agent.where(), thread);
});

test('a request that times out before it starts gets an error while the thread is busy, and does not run', async (t) => {
  const { socketPath, file } = await hold(t);
  await using agent = await connect<Cancellable>(socketPath);
  await agent.where();
  const busy = agent.busy(`${file}.free`);
  const refusal = await agentErrorCode(() => withOptions(agent, { timeoutMs: SOON_MS }).note(file, 'run'));
  t.is(refusal, 'ERR_LAUNCHPOOL_QUEUE_TIMEOUT');
  writeFileSync(`${file}.free`, '');
  await busy;
  await agent.where();
  t.is(textOf(file), '');
});

test('--queue-timeout and --run-timeout apply to all requests, with different errors', async (t) => {
  const { socketPath, file } = await hold(t, '--queue-timeout', '0.3', '--run-timeout', '5', '--cancel-grace', '0.1');
  await using agent = await connect<Cancellable>(socketPath);
  const call = await heldCall(t);
  let endless: Promise<unknown> = Promise.resolve();
  // This request may exceed the queue timeout itself, while the thread starts or the machine is busy.
  await until(() => {
    endless = agent.endless(call.path);
    return Promise.race([call.running.then(() => true), endless.then(Boolean, () => false)]);
  });
  const waiting = agent.note(file, 'run');
  await t.throwsAsync(waiting, { code: 'ERR_LAUNCHPOOL_QUEUE_TIMEOUT' });
  await t.throwsAsync(endless, { code: 'ERR_LAUNCHPOOL_RUN_TIMEOUT' });
  // On the thread that replaced the other one.
  await until(() =>
    agent.note(file, 'afterwards').then(
      () => true,
      () => false,
    ),
  );
  // A request that starts as its time in the queue ends gets an error that does not say that it has not run.
  t.regex(textOf(file), /^(afterwards\n)+$/);
});

test('a call that is aborted while it waits does not run', async (t) => {
  const { socketPath, controlPath, file } = await hold(t);
  await using agent = await connect<Cancellable>(socketPath);
  await using control = await connect<{ status(): { requests: number } }>(controlPath);
  await agent.where();
  const busy = agent.busy(`${file}.free`);
  const giveUp = new AbortController();
  const answer = withOptions(agent, { signal: giveUp.signal }).note(file, 'run');
  await until(async () => (await control.status()).requests === 2);
  giveUp.abort(new Error('enough'));
  await t.throwsAsync(answer, { message: 'enough' });
  await until(async () => (await control.status()).requests === 1);
  writeFileSync(`${file}.free`, '');
  await busy;
  await agent.where();
  t.is(textOf(file), '');
});

test('when a client disconnects, its running requests are aborted and its waiting ones dropped; notifications still run', async (t) => {
  // An aborted handler can react only when its thread is free again.
  const { socketPath, controlPath, file } = await hold(t, '--cancel-grace', '60');
  await using other = await connect<Cancellable>(socketPath);
  await using control = await connect<{ status(): { requests: number } }>(controlPath);
  await other.where();
  const call = await heldCall(t);
  const disconnecting = await connect<Cancellable>(socketPath);
  const heeding = disconnecting.heeding(call.path, file);
  await call.running;
  const busy = other.busy(`${file}.free`);
  const waits = disconnecting.note(file, 'a request');
  notify(disconnecting, 'note', file, 'a notification');
  // The agent has read all of it: a running request, one that keeps the thread busy, and the waiting ones.
  await until(async () => (await control.status()).requests === 4);
  await close(disconnecting);
  await t.throwsAsync(heeding, { code: 'ERR_LAUNCHPOOL_CONNECTION_CLOSED' });
  await t.throwsAsync(waits, { code: 'ERR_LAUNCHPOOL_CONNECTION_CLOSED' });
  // Waiting requests are dropped when the agent notices the disconnection.
  await until(async () => (await control.status()).requests < 4);
  writeFileSync(`${file}.free`, '');
  await busy;
  await until(() => textOf(file).split('\n').length === 3);
  t.deepEqual(textOf(file).trim().split('\n').sort(), ['ERR_LAUNCHPOOL_CANCELLED', 'a notification']);
});

test('an agent that shuts down aborts the requests that still run after --drain, and exits', async (t) => {
  const held = await hold(t, '--drain', '0.1', '--cancel-grace', '5');
  const agent = await connect<Cancellable>(held.socketPath);
  const call = await heldCall(t);
  const answer = agent.heeding(call.path, held.file);
  await call.running;
  const { pid } = await held.event('started');
  process.kill(pid, 'SIGTERM');
  await t.throwsAsync(answer, { code: 'ERR_LAUNCHPOOL_CANCELLED' });
  t.is((await held.event('left')).pid, pid);
  t.is(textOf(held.file), 'ERR_LAUNCHPOOL_CANCELLED\n');
});
