/** The module's `teardown`: once on each thread, before the thread ends. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { connect } from '../../src/client/index.ts';
import { callControl } from '../../src/control/call.ts';
import { type Activator, createActivator } from '../../src/holder/activator.ts';
import { ENTRY, fixture } from '../helpers/agent.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { until } from '../helpers/until.ts';

type TornDown = typeof import('../fixtures/agents/torn-down.ts');

async function hold(
  t: ExecutionContext,
  flags: readonly string[],
  env: Record<string, string> = {},
): Promise<{ socketPath: string; lines: () => string[]; activator: Activator; exits: () => number }> {
  const folder = await tempDir(t);
  const [socketPath, file] = [join(folder, 'a.sock'), join(folder, 'file')];
  let exits = 0;
  const activator = await createActivator({
    socketPath,
    command: [process.execPath, ENTRY, 'run', fixture('agents/torn-down.ts'), '--log-level', 'silent', ...flags],
    env: { ...process.env, ...env, TEST_TEARDOWN_FILE: file },
    onEvent({ event }) {
      if (event === 'left' || event === 'crashed') exits += 1;
    },
  });
  t.teardown(() => activator.close());
  const lines = (): string[] => (existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []);
  return { socketPath, lines, activator, exits: () => exits };
}

const sorted = (lines: string[], prefix: string): string[] =>
  lines
    .filter((line) => line.startsWith(prefix))
    .map((line) => line.slice(prefix.length))
    .toSorted();

test('each thread of an agent that leaves tears down before the process exits', async (t) => {
  const { socketPath, lines, exits } = await hold(t, ['--threads', '2', '--min-threads', '2', '--idle', '2']);
  const agent = await connect<TornDown>(socketPath);
  await Promise.all([agent.slowly(200), agent.slowly(200), agent.slowly(200)]);
  await until(() => exits() === 1);
  const threads = sorted(lines(), 'setup ');
  t.true(threads.length >= 1);
  t.deepEqual(sorted(lines(), 'teardown '), threads);
});

test('a thread that a reload retires tears down after its last request', async (t) => {
  const { socketPath, lines } = await hold(t, ['--threads', '1']);
  await using agent = await connect<TornDown>(socketPath);
  const thread = await agent.where();
  const open = agent.slowly(300);
  await callControl({ target: socketPath, method: 'reload' });
  t.not(await agent.where(), thread);
  t.is(await open, thread);
  await until(() => lines().includes(`teardown ${thread}`));
  t.deepEqual(sorted(lines(), 'teardown '), [String(thread)]);
});

test('a teardown that does not end has the rest of the drain', async (t) => {
  const flags = ['--threads', '1', '--idle', '0.3', '--drain', '0.4'];
  const { socketPath, lines, exits } = await hold(t, flags, { TEST_TEARDOWN_MS: '3600000' });
  const agent = await connect<TornDown>(socketPath);
  await agent.where();
  await until(() => exits() === 1);
  t.deepEqual(sorted(lines(), 'teardown '), []);
});
