/** Opens many connections. */
import type { Socket } from 'node:net';
import { connectWithRetry } from '../../src/client/connect-with-retry.ts';

/** For one connection to be made. */
const MAX_MS = 60_000;
/** At once: the queue of a socket is shorter than all of them. */
const AT_ONCE = 200;

/** @param open gains each connection, and loses it when it closes. */
export async function openMany(path: string, count: number, open: Set<Socket>): Promise<void> {
  for (let left = count; left > 0; left -= AT_ONCE) {
    await Promise.all(
      Array.from({ length: Math.min(AT_ONCE, left) }, async () => {
        // It comes again where the queue of the socket is full.
        const socket = await connectWithRetry(path, MAX_MS);
        socket.on('error', () => undefined).once('close', () => open.delete(socket));
        open.add(socket.resume());
      }),
    );
  }
}
