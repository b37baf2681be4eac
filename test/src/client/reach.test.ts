/** How a client reaches a socket: at once, after a while, or not at all. */
import { once } from 'node:events';
import { rename } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { connectRaw, LaunchpoolError } from '../../../src/client/index.ts';
import { framesOf, serveFrames } from '../../helpers/frame-server.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

/** A path at which a socket stands that nobody holds. */
async function abandonedSocket(t: ExecutionContext): Promise<string> {
  const folder = await tempDir(t);
  const server = createServer().listen(join(folder, 'a.sock'));
  await once(server, 'listening');
  await rename(join(folder, 'a.sock'), join(folder, 'b.sock'));
  server.close();
  await once(server, 'close');
  return join(folder, 'b.sock');
}

test('where nobody ever listens, connecting fails with the cause and a hint', async (t) => {
  const path = join(await tempDir(t), 'none.sock');
  const error = await t.throwsAsync(connectRaw(path, { activationMs: 50 }), { instanceOf: LaunchpoolError });
  t.like(error, { code: 'ERR_LAUNCHPOOL_CONNECT_FAILED', retryable: true, remote: false, cause: { code: 'ENOENT' } });
  t.true(error?.message.includes(path));
  t.regex(error?.hint ?? '', /installed/);
});

test('a socket that nobody holds any more has a hint of its own', async (t) => {
  const path = await abandonedSocket(t);
  const error = await t.throwsAsync(connectRaw(path, { activationMs: 50 }), { instanceOf: LaunchpoolError });
  t.like(error, { code: 'ERR_LAUNCHPOOL_CONNECT_FAILED', cause: { code: 'ECONNREFUSED' } });
  t.regex(error?.hint ?? '', /nobody holds it/);
});

test('what waiting cannot mend fails at once, however long activationMs is', async (t) => {
  const { path } = await serveFrames(t);
  const error = await t.throwsAsync(connectRaw(`${path}/below`, { activationMs: 3_600_000 }));
  t.like(error, { code: 'ERR_LAUNCHPOOL_CONNECT_FAILED', cause: { code: 'ENOTDIR' } });
});

test('with an activationMs of 0 there is one try', async (t) => {
  const path = join(await tempDir(t), 'none.sock');
  await t.throwsAsync(connectRaw(path, { activationMs: 0 }), { code: 'ERR_LAUNCHPOOL_CONNECT_FAILED' });
});

test('a client that comes before the server listens is served once it does', async (t) => {
  const path = join(await tempDir(t), 'later.sock');
  const connecting = connectRaw(path, { activationMs: 60_000 });
  for (let index = 0; index < 5; index += 1) await turn();
  const server = createServer((socket) => socket.once('data', () => socket.end(framesOf('here'))));
  server.listen(path);
  t.teardown(() => server.close());
  const client = await connecting;
  t.is((await client.request('anybody?')).toString(), 'here');
  client.close();
});

for (const target of ['no label!', `/tmp/${'x'.repeat(200)}/a.sock`]) {
  test(`${target.slice(0, 12)} is refused before anything is tried`, async (t) => {
    await t.throwsAsync(connectRaw(target, { activationMs: 3_600_000 }), { code: 'ERR_LAUNCHPOOL_ADDRESS_INVALID' });
  });
}
