/** Connecting to a socket: at once, after retries, or not at all. */
import { once } from 'node:events';
import { rename } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { connectRaw, LaunchpoolError } from '../../../src/client/index.ts';
import { framesOf, serveFrames } from '../../helpers/frame-server.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

/** The path of a socket that no process holds. */
async function abandonedSocket(t: ExecutionContext): Promise<string> {
  const folder = await tempDir(t);
  const server = createServer().listen(join(folder, 'a.sock'));
  await once(server, 'listening');
  await rename(join(folder, 'a.sock'), join(folder, 'b.sock'));
  server.close();
  await once(server, 'close');
  return join(folder, 'b.sock');
}

test('connecting to a missing socket fails with its cause and a hint', async (t) => {
  const path = join(await tempDir(t), 'none.sock');
  const error = await t.throwsAsync(connectRaw(path, { activationMs: 50 }), { instanceOf: LaunchpoolError });
  t.like(error, { code: 'ERR_LAUNCHPOOL_CONNECT_FAILED', retryable: true, remote: false, cause: { code: 'ENOENT' } });
  t.true(error?.message.includes(path));
  t.regex(error?.hint ?? '', /Install the agent/);
});

test('a socket that no process holds has its own hint', async (t) => {
  const path = await abandonedSocket(t);
  const error = await t.throwsAsync(connectRaw(path, { activationMs: 50 }), { instanceOf: LaunchpoolError });
  t.like(error, { code: 'ERR_LAUNCHPOOL_CONNECT_FAILED', cause: { code: 'ECONNREFUSED' } });
  t.regex(error?.hint ?? '', /No process holds the socket/);
});

test('an error that is not transient fails at once, however long activationMs is', async (t) => {
  const { path } = await serveFrames(t);
  const error = await t.throwsAsync(connectRaw(`${path}/below`, { activationMs: 3_600_000 }));
  t.like(error, { code: 'ERR_LAUNCHPOOL_CONNECT_FAILED', cause: { code: 'ENOTDIR' } });
});

test('with an activationMs of 0, connecting is tried once', async (t) => {
  const path = join(await tempDir(t), 'none.sock');
  await t.throwsAsync(connectRaw(path, { activationMs: 0 }), { code: 'ERR_LAUNCHPOOL_CONNECT_FAILED' });
});

test('a client that connects before the server listens is served later', async (t) => {
  const path = join(await tempDir(t), 'later.sock');
  const connecting = connectRaw(path, { activationMs: 60_000 });
  for (let index = 0; index < 5; index += 1) await turn();
  const server = createServer((socket) => socket.once('data', () => socket.end(framesOf('here'))));
  server.listen(path);
  t.teardown(() => server.close());
  const client = await connecting;
  t.is((await client.request('hello')).toString(), 'here');
  client.close();
});

for (const target of ['no label!', `/tmp/${'x'.repeat(200)}/a.sock`]) {
  test(`${target.slice(0, 12)} is refused before a connection is tried`, async (t) => {
    await t.throwsAsync(connectRaw(target, { activationMs: 3_600_000 }), { code: 'ERR_LAUNCHPOOL_ADDRESS_INVALID' });
  });
}
