/** Requests that nobody wants any more: cancelled, timed out, or left behind, wherever they are. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { close, connect, notify, withOptions } from '../../src/client/index.ts';
import { fixture, holdAgent, type TestAgent } from '../helpers/agent.ts';
import { heldCall } from '../helpers/held-call.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { until } from '../helpers/until.ts';

type Patient = typeof import('../fixtures/agents/cancellable.ts');
const AGENT = fixture('agents/cancellable.ts');
/** What can happen at any time. */
const SOON_MS = 300;
/** Long enough for whatever has to happen first. */
const LATER_MS = 1_500;

const textOf = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '');

async function hold(t: ExecutionContext, ...flags: string[]): Promise<TestAgent & { file: string }> {
  const held = await holdAgent(t, AGENT, ['--threads', '1', ...flags]);
  return { ...held, file: join(await tempDir(t), 'file') };
}

/** The code of the agent's refusal. Its client has a clock of its own, which comes first where it has had to stand still. */
async function saidByAgent(call: () => Promise<unknown>): Promise<unknown> {
  for (;;) {
    const code = await call().then(
      () => 'no refusal',
      (error) => error.code,
    );
    if (code !== 'ERR_LAUNCHPOOL_CALL_TIMEOUT') return code;
  }
}

test('a call that is given up fires the signal of its handler, whose thread stays', async (t) => {
  const { socketPath, file } = await hold(t);
  await using agent = await connect<Patient>(socketPath);
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

test('a handler that goes on after it was cancelled has its thread replaced after --cancel-grace', async (t) => {
  const { socketPath } = await hold(t, '--cancel-grace', '0.1');
  await using agent = await connect<Patient>(socketPath);
  const thread = await agent.where();
  const call = await heldCall(t);
  const giveUp = new AbortController();
  const answer = withOptions(agent, { signal: giveUp.signal }).deaf(call.path);
  await call.running;
  giveUp.abort(new Error('enough'));
  await t.throwsAsync(answer, { message: 'enough' });
  // What is asked of the old one in its last moment goes with it.
  await until(async () => (await agent.where().catch(() => thread)) !== thread);
});

test('a request whose time is over while it runs is answered so, though its thread never returns', async (t) => {
  const { socketPath } = await hold(t, '--cancel-grace', '0.1');
  await using agent = await connect<Patient>(socketPath);
  const thread = await agent.where();
  const call = await heldCall(t);
  const refusal = await saidByAgent(() => withOptions(agent, { timeoutMs: LATER_MS }).endless(call.path));
  t.is(refusal, 'ERR_LAUNCHPOOL_RUN_TIMEOUT');
  t.not(await agent.where(), thread);
});

test('a request whose time is over before it is begun is answered so while the thread is busy, and is not run', async (t) => {
  const { socketPath, file } = await hold(t);
  await using agent = await connect<Patient>(socketPath);
  await agent.where();
  const busy = agent.busy(`${file}.free`);
  const refusal = await saidByAgent(() => withOptions(agent, { timeoutMs: SOON_MS }).note(file, 'run'));
  t.is(refusal, 'ERR_LAUNCHPOOL_QUEUE_TIMEOUT');
  writeFileSync(`${file}.free`, '');
  await busy;
  await agent.where();
  t.is(textOf(file), '');
});

test('--queue-timeout and --run-timeout are for all requests, and told apart', async (t) => {
  const { socketPath, file } = await hold(t, '--queue-timeout', '0.3', '--run-timeout', '2', '--cancel-grace', '0.1');
  await using agent = await connect<Patient>(socketPath);
  const call = await heldCall(t);
  let endless: Promise<unknown> = Promise.resolve();
  // It may be in the queue for too long itself, while the thread starts or the machine has no time.
  await until(() => {
    endless = agent.endless(call.path);
    return Promise.race([call.running.then(() => true), endless.then(Boolean, () => false)]);
  });
  const waiting = agent.note(file, 'run');
  await t.throwsAsync(waiting, { code: 'ERR_LAUNCHPOOL_QUEUE_TIMEOUT' });
  await t.throwsAsync(endless, { code: 'ERR_LAUNCHPOOL_RUN_TIMEOUT' });
  // By the thread in the place of the other one.
  await until(() =>
    agent.note(file, 'afterwards').then(
      () => true,
      () => false,
    ),
  );
  t.is(textOf(file), 'afterwards\n');
});

test('a call that is given up while it waits is not run', async (t) => {
  const { socketPath, controlPath, file } = await hold(t);
  await using agent = await connect<Patient>(socketPath);
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

test('who hangs up has what runs told so and what waits dropped; a notification is run all the same', async (t) => {
  // What has been told so cannot heed it before its thread is free again.
  const { socketPath, controlPath, file } = await hold(t, '--cancel-grace', '60');
  await using other = await connect<Patient>(socketPath);
  await using control = await connect<{ status(): { requests: number } }>(controlPath);
  await other.where();
  const call = await heldCall(t);
  const gone = await connect<Patient>(socketPath);
  const heeding = gone.heeding(call.path, file);
  await call.running;
  const busy = other.busy(`${file}.free`);
  const waits = gone.note(file, 'a request');
  notify(gone, 'note', file, 'a notification');
  // All that has been written is read before it is gone: what runs, what keeps the thread busy, and what waits for that.
  await until(async () => (await control.status()).requests === 4);
  await close(gone);
  await t.throwsAsync(heeding, { code: 'ERR_LAUNCHPOOL_CONNECTION_CLOSED' });
  await t.throwsAsync(waits, { code: 'ERR_LAUNCHPOOL_CONNECTION_CLOSED' });
  // What waits is dropped when the agent has seen it go.
  await until(async () => (await control.status()).requests < 4);
  writeFileSync(`${file}.free`, '');
  await busy;
  await until(() => textOf(file).split('\n').length === 3);
  t.deepEqual(textOf(file).trim().split('\n').sort(), ['ERR_LAUNCHPOOL_CANCELLED', 'a notification']);
});

test('an agent that has to leave tells what still runs after --drain, and leaves', async (t) => {
  const held = await hold(t, '--drain', '0.1', '--cancel-grace', '5');
  const agent = await connect<Patient>(held.socketPath);
  const call = await heldCall(t);
  const answer = agent.heeding(call.path, held.file);
  await call.running;
  const { pid } = await held.event('started');
  process.kill(pid, 'SIGTERM');
  await t.throwsAsync(answer, { code: 'ERR_LAUNCHPOOL_CANCELLED' });
  t.is((await held.event('left')).pid, pid);
  t.is(textOf(held.file), 'ERR_LAUNCHPOOL_CANCELLED\n');
});
