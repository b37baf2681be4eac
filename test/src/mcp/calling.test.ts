/** The sessions of the bridge: one for each agent, however many calls there are. */
import { createServer } from 'node:net';
import { join } from 'node:path';
import test from 'ava';
import { type AgentCall, createCaller } from '../../../src/mcp/calling.ts';
import { fixture, holdAgent } from '../../helpers/agent.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const callOf = (label: string, method: string, more: Partial<AgentCall> = {}): AgentCall => ({
  label,
  method,
  params: [],
  isStream: false,
  isRepeatable: false,
  signal: new AbortController().signal,
  trace: undefined,
  ...more,
});

test('calls of the same turn share one connection, also after the agent was killed', async (t) => {
  t.timeout(120_000);
  const { socketPath, reached, all } = await holdAgent(t, fixture('agents/tools.ts'));
  let connections = 0;
  const caller = createCaller(() => {
    connections += 1;
    return {};
  });
  t.teardown(caller.close);
  const five = (): Promise<unknown[]> =>
    Promise.all(Array.from({ length: 5 }, () => caller.call(callOf(socketPath, 'pid'))));
  t.is(new Set(await five()).size, 1);
  t.is(connections, 1);
  process.kill(all('started')[0]?.pid as number, 'SIGKILL');
  await reached('crashed', 1);
  // The session may not have noticed it: then its calls are lost.
  await caller.call(callOf(socketPath, 'pid', { isRepeatable: true }));
  connections = 0;
  t.is(new Set(await five()).size, 1);
  t.is(connections, 0);
});

test('a connection that fails is tried again by the next call', async (t) => {
  const path = join(await tempDir(t), 'a.sock');
  const caller = createCaller(() => ({ activationMs: 1 }));
  t.teardown(caller.close);
  for (let time = 0; time < 2; time += 1)
    await t.throwsAsync(caller.call(callOf(path, 'pid')), { code: 'ERR_LAUNCHPOOL_CONNECT_FAILED' });
});

test('a call whose connection is lost is made up to three times if it may be repeated', async (t) => {
  const path = join(await tempDir(t), 'a.sock');
  let requests = 0;
  const server = createServer((socket) => {
    socket.on('data', () => {
      requests += 1;
      socket.destroy();
    });
    socket.on('error', () => undefined);
  });
  t.teardown(() => server.close());
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const caller = createCaller(() => ({}));
  t.teardown(caller.close);
  const lost = await t.throwsAsync(caller.call(callOf(path, 'pid')), { code: 'ERR_LAUNCHPOOL_CONNECTION_CLOSED' });
  t.regex(String((lost as { hint?: string }).hint), /may have run/);
  t.is(requests, 1);
  await t.throwsAsync(caller.call(callOf(path, 'pid', { isRepeatable: true })), {
    code: 'ERR_LAUNCHPOOL_CONNECTION_CLOSED',
  });
  t.is(requests, 4);
  const cancelled = new AbortController();
  cancelled.abort(new Error('enough'));
  await t.throwsAsync(caller.call(callOf(path, 'pid', { isRepeatable: true, signal: cancelled.signal })), {
    message: 'enough',
  });
  t.is(requests, 4);
});

test('a method that is described as a stream and returns a value gives the value', async (t) => {
  t.timeout(120_000);
  const { socketPath } = await holdAgent(t, fixture('agents/tools.ts'));
  const caller = createCaller(() => ({}));
  t.teardown(caller.close);
  t.is(await caller.call(callOf(socketPath, 'add', { params: [1, 2], isStream: true })), 3);
  const values: unknown[] = [];
  const onValue = async (value: unknown): Promise<void> => void values.push(value);
  t.deepEqual(await caller.call(callOf(socketPath, 'count', { params: [2], isStream: true, onValue })), [1, 2]);
  t.deepEqual(values, [1, 2]);
});
