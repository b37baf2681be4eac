/** The harm of a handler to its agent's process: at worst the process ends, and the next connection starts another. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { connect } from '../../src/client/index.ts';
import { connectRpc } from '../../src/client/rpc.ts';
import { activate, agentCommand } from '../helpers/activator.ts';
import { fixture, holdAgent } from '../helpers/agent.ts';
import { tempDir } from '../helpers/temp-dir.ts';

type Contained = typeof import('../fixtures/agents/contained.ts');
const module = fixture('agents/contained.ts');
/** Up to 1024, set by hand. */
const LONG_MB = Number(process.env.LAUNCHPOOL_TEST_LONG_REPLY_MB ?? 96);

for (const how of ['SIGSEGV', 'SIGABRT'] as const) {
  test(`${how}: waiting clients get the end of the connection, and replies from the next process`, async (t) => {
    const { socketPath, event } = await holdAgent(t, module);
    const client = await connectRpc(socketPath);
    const other = await connectRpc(socketPath);
    t.is(await other.call('add', [1, 2]), 3);
    const outcomes = await Promise.allSettled([other.call('waits', []), client.call('crashesNatively', [how])]);
    t.deepEqual(
      outcomes.map((outcome) => outcome.status === 'rejected' && outcome.reason.code),
      ['ERR_LAUNCHPOOL_CONNECTION_CLOSED', 'ERR_LAUNCHPOOL_CONNECTION_CLOSED'],
    );
    t.regex((await event('crashed')).status, new RegExp(`signal ${how}`));
    const again = await connect<Contained>(socketPath);
    t.is(await again.add(1, 2), 3);
  });
}

test(`a reply of ${LONG_MB} MiB is sent, or an error; the agent lives, and its memory is released`, async (t) => {
  t.timeout(5 * 60_000);
  const { socketPath, controlPath, events } = await holdAgent(t, module, ['--threads', '1']);
  const client = await connectRpc(socketPath);
  t.is(await client.call('add', [1, 2]), 3);
  const bytes = (): Promise<number> => bytesOf(controlPath);
  const before = await bytes();
  const length = LONG_MB * 1024 * 1024;
  await client.call('long', [length]).then(
    (reply) => t.is((reply as string).length, length),
    (error) => t.true(String(error.code).startsWith('ERR_'), String(error)),
  );
  client.close();
  const next = await connectRpc(socketPath);
  t.is(await next.call('add', [1, 2]), 3);
  // Further work makes the garbage collector release the rest.
  while ((await bytes()) - before > length) await next.call('long', [1024 * 1024]);
  t.is(events.filter(({ event }) => event === 'started').length, 1);
  next.close();
});

test('100 000 console lines delay other clients only for a time, and do not fill the memory', async (t) => {
  t.timeout(3 * 60_000);
  const logFile = join(await tempDir(t), 'log');
  await writeFile(logFile, '');
  const { socketPath, controlPath } = await activate(t, agentCommand('agents/contained.ts', ['--threads', '2']), {
    logFile,
  });
  const agent = await connect<Contained>(socketPath);
  const flood = agent.floods(100_000);
  for (let index = 0; index < 20; index += 1) t.is(await agent.add(index, 1), index + 1);
  t.is(await flood, 100_000);
  const bytes = (): Promise<number> => bytesOf(controlPath);
  while ((await bytes()) > 512 * 1024 * 1024) await agent.burn(50);
  t.pass();
});

test('timers and servers that a handler leaves behind keep neither a thread nor the agent', async (t) => {
  const { socketPath, event } = await holdAgent(t, module, [
    '--threads',
    '1',
    '--recycle-requests',
    '3',
    '--idle',
    '1',
  ]);
  const agent = await connect<Contained>(socketPath);
  const thread = await agent.leaksHandles();
  // The thread is replaced nevertheless.
  while ((await agent.thread()) === thread);
  await agent.leaksHandles();
  t.true((await event('left')).pid > 0);
});

test('an agent with a thread in native code exits nevertheless, without a crash', async (t) => {
  const flags = ['--threads', '1', '--drain', '0.1', '--cancel-grace', '0.1'];
  const { socketPath, controlPath, event, events } = await holdAgent(t, module, flags);
  const client = await connectRpc(socketPath);
  t.is(await client.call('add', [1, 2]), 3);
  const sleeping = client.call('sleeps', [20]);
  const control = await connectRpc(controlPath);
  while (((await control.call('status', [])) as { requests: number }).requests === 0);
  control.close();
  process.kill((await event('started')).pid, 'SIGTERM');
  await t.throwsAsync(sleeping, { code: 'ERR_LAUNCHPOOL_CANCELLED' });
  await Promise.race([event('left'), event('crashed')]);
  t.deepEqual(
    events.map((one) => one.event).filter((name) => name !== 'waiting'),
    ['started', 'left'],
  );
});

/** By a new connection: the control socket closes one that is silent for long. */
async function bytesOf(controlPath: string): Promise<number> {
  const control = await connectRpc(controlPath);
  const { memoryBytes } = (await control.call('status', [])) as { memoryBytes: number };
  control.close();
  return memoryBytes;
}
