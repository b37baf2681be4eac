/** What the kernel says of sockets: this one, and by way of a library of the same signatures, that of macOS. */
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

/** The descriptor of a server, and that of a connection to it. */
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

test('the user who has connected to a UNIX socket is known, and where it is bound', async (t) => {
  const socketCalls = createSocketCalls();
  const path = join(await tempDir(t), 'ä.sock');
  const { server, accepted } = await serve(t, { path });
  t.is(socketCalls.uidOf(accepted), process.geteuid?.());
  t.deepEqual(socketCalls.addressOf(server), { family: 'unix', path });
});

for (const [host, said] of [
  ['127.0.0.1', '127.0.0.1'],
  ['0.0.0.0', '0.0.0.0'],
  ['::1', '::1'],
  ['::', '::0'],
] as const) {
  test(`a TCP socket that listens at ${host} is known as such`, async (t) => {
    const { server } = await serve(t, { host, port: 0 });
    t.deepEqual(createSocketCalls().addressOf(server), { family: 'tcp', host: said });
  });
}

test('a name in the abstract namespace is no path', async (t) => {
  if (process.platform !== 'linux') return notTested(t, 'only Linux has such names');
  const { server } = await serve(t, { path: `\0launchpool-test-${process.pid}` });
  t.deepEqual(createSocketCalls().addressOf(server), { family: 'unix', path: '' });
});

test('of what is no socket nothing is known', (t) => {
  const socketCalls = createSocketCalls();
  const file = openSync('/dev/null', 'r');
  t.teardown(() => closeSync(file));
  for (const fd of [file, -1, 1_000_000]) {
    t.is(socketCalls.uidOf(fd), undefined);
    t.is(socketCalls.addressOf(fd), undefined);
  }
});

test('there are as many descriptors as the shell says', async (t) => {
  const { stdout } = await runProgram(['/bin/sh', '-c', 'ulimit -n']);
  // A child of a Node gets the limit that Node has raised for itself.
  t.is(createSocketCalls().maxDescriptors, Number(String(stdout).trim()));
});

async function macos(t: ExecutionContext): Promise<SocketCalls> {
  return createSocketCalls({ platform: 'darwin', library: await compileLibrary(t, 'gate/libmacos.c') });
}

test("macOS's getpeereid says who has connected, or that nobody knows", async (t) => {
  const socketCalls = await macos(t);
  t.is(socketCalls.uidOf(40), 501);
  t.is(socketCalls.uidOf(41), undefined);
});

test("macOS's addresses and limits are read as they are there", async (t) => {
  const socketCalls = await macos(t);
  t.deepEqual(socketCalls.addressOf(40), { family: 'unix', path: '/Users/u/Library/agent.sock' });
  t.deepEqual(socketCalls.addressOf(41), { family: 'tcp', host: '::1' });
  t.is(socketCalls.addressOf(42), undefined);
  t.is(socketCalls.maxDescriptors, 256);
});
