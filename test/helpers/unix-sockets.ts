/** Both sides of UNIX sockets, without an agent. */
import { once } from 'node:events';
import { renameSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { loadLibrary } from '../../libc/library.ts';
import { type HeldSocket, holdSocket } from '../../src/holder/held-socket.ts';
import { tempDir } from './temp-dir.ts';
import { until } from './until.ts';

const AF_UNIX = 1;
const SOCK_DGRAM = 2;

/** Holds a socket until the test ends. @param path defaults to one in a new temporary folder. */
export async function hold(t: ExecutionContext, path?: string): Promise<HeldSocket> {
  const held = await holdSocket(path ?? join(await tempDir(t), 'a.sock'));
  t.teardown(() => held.close());
  return held;
}

/** Connects, and stays connected until the test ends. */
export async function connectTo(t: ExecutionContext, path: string): Promise<Socket> {
  const socket = connect(path);
  t.teardown(() => socket.destroy());
  await once(socket, 'connect');
  // The kernel resets a connection that was never accepted when the listening socket closes.
  socket.on('error', () => undefined);
  return socket;
}

/** Sends "alive" to each client. */
export async function listenAt(t: ExecutionContext, path: string): Promise<Server> {
  // A client that only checks for a listener closes without reading.
  const server = createServer((socket) => socket.on('error', () => undefined).end('alive')).listen(path);
  t.teardown(() => server.close());
  await once(server, 'listening');
  return server;
}

/** Leaves a socket at the path whose listener has closed it. */
export async function leaveDeadSocket(t: ExecutionContext, path: string): Promise<void> {
  const server = await listenAt(t, `${path}.old`);
  renameSync(`${path}.old`, path);
  server.close();
  // A program that another test starts holds it too, from fork(2) to exec(2).
  await until(() => isRefused(path));
}

function isRefused(path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(path, () => resolve(false)).on('error', (error: NodeJS.ErrnoException) =>
    resolve(error.code === 'ECONNREFUSED'),
  );
  return promise.finally(() => socket.destroy());
}

/** Node has no UNIX datagram sockets. Returns the descriptor. */
export function bindDatagramSocket(path: string): number {
  const libc = loadLibrary();
  const family = process.platform === 'darwin' ? [0, AF_UNIX] : [AF_UNIX, 0];
  const address = Buffer.concat([Buffer.from(family), Buffer.from(`${path}\0`)]);
  const fd: number = libc.func('int socket(int domain, int type, int protocol)')(AF_UNIX, SOCK_DGRAM, 0);
  const bind = libc.func('int bind(int fd, const void *address, uint32_t length)');
  if (bind(fd, address, address.length) !== 0) throw new Error(`cannot bind ${path}`);
  return fd;
}

/** Shortens the queue of a listening socket to one connection. */
export function shortenQueue(fd: number): void {
  loadLibrary().func('int listen(int fd, int backlog)')(fd, 0);
}
