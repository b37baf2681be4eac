/** Shutdown of an agent with clients that are slow or have disconnected. */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect as connectSocket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { close, connect, connectRaw, notify } from '../../src/client/index.ts';
import { connectRpc } from '../../src/client/rpc.ts';
import { longHeader } from '../../wire/closing.ts';
import { encodeTextFrame } from '../../wire/frame.ts';
import { fixture, holdAgent } from '../helpers/agent.ts';
import { dial } from '../helpers/frame-client.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { until } from '../helpers/until.ts';

type Contained = typeof import('../fixtures/agents/contained.ts');

test('a notification runs to its end after its sender has disconnected', async (t) => {
  const { socketPath, event } = await holdAgent(t, fixture('agents/contained.ts'));
  const file = join(await tempDir(t), 'written');
  const agent = await connect<Contained>(socketPath);
  await agent.add(1, 2);
  notify(agent, 'writesLater', file, 1_000);
  await agent.add(1, 2);
  await close(agent);
  process.kill((await event('started')).pid, 'SIGTERM');
  await event('left');
  t.true(existsSync(file));
});

test('a reply that is read slowly is sent to its end', async (t) => {
  const { socketPath, controlPath, event } = await holdAgent(t, fixture('agents/contained.ts'), ['--drain', '60']);
  const length = 16 * 1024 * 1024;
  const request = Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'long', params: [length] }));
  // As a client that understands the closing notice.
  const slow = connectSocket(socketPath);
  slow.write(Buffer.concat([longHeader(request.length), request]));
  const control = await connectRpc(controlPath);
  while (((await control.call('status', [])) as { counters: { done: number } }).counters.done === 0);
  control.close();
  process.kill((await event('started')).pid, 'SIGTERM');
  // Longer than the agent waits for a client that has read everything.
  await wait(2_000);
  let bytes = 0;
  for await (const chunk of slow) bytes += (chunk as Buffer).length;
  t.true(bytes > length, String(bytes));
  await event('left');
});

test('a client that goes on writing reads all replies and then the end, though it does not know the closing notice', async (t) => {
  await until(() => readsToTheEnd(t));
});

/** Half of the time that the agent leaves to a client that does not know the closing notice. */
const MAX_PAUSE_MS = 125;

/** @returns false if this process was late: the agent closes a connection some time after its last output. */
async function readsToTheEnd(t: ExecutionContext): Promise<boolean> {
  const { socketPath, event } = await holdAgent(t, fixture('agents/contained.ts'), ['--threads', '1']);
  const request = (id: number, method: string, ...params: unknown[]): Buffer =>
    encodeTextFrame(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
  const errors: unknown[] = [];
  const plain = connectSocket(socketPath).on('error', (error) => errors.push(error));
  t.teardown(() => plain.destroy());
  plain.write(request(1, 'burn', 500));
  plain.write(request(2, 'long', 1_000_000));
  const { pid } = await event('started');
  const other = await connectRpc(socketPath);
  // A reply here means that the others have been read.
  await other.call('add', [1, 2]);
  other.close();
  process.kill(pid, 'SIGTERM');
  let bytes = 0;
  let readAt = performance.now();
  let pauseMs = 0;
  plain.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    // The first chunk comes when the request before it has run.
    if (bytes > chunk.length) pauseMs = Math.max(pauseMs, performance.now() - readAt);
    readAt = performance.now();
    plain.write(request(3, 'add', 1, 2));
  });
  await once(plain, 'close');
  t.is((await event('left')).pid, pid);
  if (Math.max(pauseMs, performance.now() - readAt) > MAX_PAUSE_MS && (errors.length > 0 || bytes <= 1_000_000))
    return false;
  t.deepEqual(errors, []);
  t.true(bytes > 1_000_000, String(bytes));
  return true;
}

test('after --drain and the grace period, requests that run and that wait are answered, and then the end comes', async (t) => {
  const flags = ['--threads', '1', '--drain', '0.1', '--cancel-grace', '0.1'];
  const { socketPath, controlPath, event } = await holdAgent(t, fixture('agents/contained.ts'), flags);
  const frameOf = (id: number, method: string, ...params: unknown[]): Buffer =>
    encodeTextFrame(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
  // A client that does not know the closing notice, and one that does.
  const plain = await dial(t, socketPath);
  const frames = Array.from({ length: 199 }, (_, index) => frameOf(index + 2, 'add', index, 1));
  plain.socket.write(Buffer.concat([frameOf(1, 'burn', 60_000), ...frames]));
  const agent = await connect<Contained>(socketPath);
  const calls = [agent.burn(60_000), agent.add('x'.repeat(100_000) as unknown as number, 1)];
  const control = await connectRpc(controlPath);
  await until(async () => ((await control.call('status', [])) as { requests: number }).requests === 202);
  control.close();
  process.kill((await event('started')).pid, 'SIGTERM');
  for (const call of calls) await t.throwsAsync(call, { code: 'ERR_LAUNCHPOOL_CANCELLED', message: /shuts down/ });
  const replies = (await plain.ended).map((text) => JSON.parse(text));
  t.deepEqual(
    replies.map(({ id }) => id).sort((a, b) => a - b),
    Array.from({ length: 200 }, (_, index) => index + 1),
  );
  t.true(replies.every(({ error }) => error.data.code === 'ERR_LAUNCHPOOL_CANCELLED'));
  t.deepEqual(plain.errors, []);
  plain.socket.end();
  await event('left');
});

test('a raw connection ends without an error when its request outlives --drain and the grace period', async (t) => {
  const flags = ['--drain', '0.1', '--cancel-grace', '0.1'];
  const { socketPath, event } = await holdAgent(t, fixture('agents/misbehaving-raw.ts'), flags);
  const client = await connectRaw(socketPath);
  await client.request('echo');
  const waiting = client.request('wait 60000');
  process.kill((await event('started')).pid, 'SIGTERM');
  await t.throwsAsync(waiting, { code: 'ERR_LAUNCHPOOL_CONNECTION_CLOSED' });
  await event('left');
});
