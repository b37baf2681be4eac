/** Opens many connections. */
import type { Socket } from 'node:net';
import { connectWithRetry } from '../../src/client/connect-with-retry.ts';

/** The time limit of one connection. */
const MAX_MS = 60_000;
/** The connections that are opened at a time: the queue of a socket is shorter than all of them. */
const AT_ONCE = 200;

/** @param open holds each connection until it closes. */
export async function openMany(path: string, count: number, open: Set<Socket>): Promise<void> {
  for (let left = count; left > 0; left -= AT_ONCE) {
    await Promise.all(
      Array.from({ length: Math.min(AT_ONCE, left) }, async () => {
        // A refused connection is retried: the queue of the socket may be full.
        const socket = await connectWithRetry(path, MAX_MS);
        socket.on('error', () => undefined).once('close', () => open.delete(socket));
        open.add(socket.resume());
      }),
    );
  }
}
