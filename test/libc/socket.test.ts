/** Socket calls against this kernel, and against a library with the signatures and answers of macOS. */
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type ListenOptions, type Server } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { createSocketCalls, type SocketCalls } from '../../libc/socket.ts';
import { compileLibrary } from '../helpers/c-library.ts';
import { notTested } from '../helpers/not-tested.ts';
import { runProgram } from '../helpers/program.ts';
import { tempDir } from '../helpers/temp-dir.ts';

type Handle = { _handle: { fd: number } };

/** The descriptors of a server and of a connection to it. */
async function serve(t: ExecutionContext, at: ListenOptions): Promise<{ server: number; accepted: number }> {
  const server: Server = createServer({ pauseOnConnect: true });
  t.teardown(() => server.close());
  await once(server.listen(at), 'listening');
  const address = server.address() as AddressInfo | string;
  const client = typeof address === 'string' ? connect(address) : connect(address.port, address.address);
  const [socket] = await once(server, 'connection');
  t.teardown(() => {
    client.destroy();
    socket.destroy();
  });
  return { server: (server as unknown as Handle)._handle.fd, accepted: socket._handle.fd };
}

test('a UNIX socket has the user of its client and the path it is bound to', async (t) => {
  const socketCalls = createSocketCalls();
  const path = join(await tempDir(t), 'ä.sock');
  const { server, accepted } = await serve(t, { path });
  t.deepEqual(socketCalls.peerOf(accepted), { uid: process.geteuid?.() as number, pid: process.pid });
  t.deepEqual(socketCalls.addressOf(server), { family: 'unix', path });
});

for (const [host, expected] of [
  ['127.0.0.1', '127.0.0.1'],
  ['0.0.0.0', '0.0.0.0'],
  ['::1', '::1'],
  ['::', '::0'],
] as const) {
  test(`a TCP socket that listens on ${host} has this host as its address`, async (t) => {
    const { server } = await serve(t, { host, port: 0 });
    t.deepEqual(createSocketCalls().addressOf(server), { family: 'tcp', host: expected });
  });
}

test('a name in the abstract namespace yields an empty path', async (t) => {
  if (process.platform !== 'linux') return notTested(t, 'only Linux has an abstract namespace');
  const { server } = await serve(t, { path: `\0launchpool-test-${process.pid}` });
  t.deepEqual(createSocketCalls().addressOf(server), { family: 'unix', path: '' });
});

test('a descriptor that is no socket has neither user nor address', (t) => {
  const socketCalls = createSocketCalls();
  const file = openSync('/dev/null', 'r');
  t.teardown(() => closeSync(file));
  for (const fd of [file, -1, 1_000_000]) {
    t.is(socketCalls.peerOf(fd), undefined);
    t.is(socketCalls.addressOf(fd), undefined);
  }
});

test('the maximum number of descriptors is the limit of the shell', async (t) => {
  const { stdout } = await runProgram(['/bin/sh', '-c', 'ulimit -n']);
  // Node raises its own limit, and its children inherit that.
  t.is(createSocketCalls().maxDescriptors, Number(String(stdout).trim()));
});

async function macos(t: ExecutionContext): Promise<SocketCalls> {
  return createSocketCalls({ platform: 'darwin', library: await compileLibrary(t, 'gate/libmacos.c') });
}

test('macOS gives the user and the process, the user alone, or none', async (t) => {
  const socketCalls = await macos(t);
  t.deepEqual(socketCalls.peerOf(40), { uid: 501, pid: 4711 });
  t.deepEqual(socketCalls.peerOf(44), { uid: 503 });
  t.is(socketCalls.peerOf(41), undefined);
});

for (const platform of ['this kernel', 'macOS'] as const) {
  test(`${platform}: a peer that has closed is gone, one that has ended its direction is not`, async (t) => {
    const { isGone } = platform === 'macOS' ? await macos(t) : createSocketCalls();
    const folder = await tempDir(t);
    for (const [how, expected] of [
      ['stays', false],
      ['ends', false],
      ['closes', true],
    ] as const) {
      const path = join(folder, how);
      const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }).listen(path);
      t.teardown(() => server.close());
      await once(server, 'listening');
      const client = connect(path);
      t.teardown(() => client.destroy());
      const [socket] = await once(server, 'connection');
      t.teardown(() => socket.destroy());
      if (how === 'ends') await new Promise<void>((done) => client.end(done));
      if (how === 'closes') await once(client.destroy(), 'close');
      t.is(isGone(socket._handle.fd), expected, how);
    }
  });
}

test("macOS's layouts of addresses and limits are read", async (t) => {
  const socketCalls = await macos(t);
  t.deepEqual(socketCalls.addressOf(40), { family: 'unix', path: '/Users/u/Library/agent.sock' });
  t.deepEqual(socketCalls.addressOf(41), { family: 'tcp', host: '::1' });
  t.is(socketCalls.addressOf(42), undefined);
  t.is(socketCalls.maxDescriptors, 256);
});
