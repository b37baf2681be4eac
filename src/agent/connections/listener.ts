/** Adopts listening descriptors that someone else has bound, and accepts on them. */
import { createServer, type Server, type Socket } from 'node:net';
import { LaunchpoolError } from '../../../wire/errors.ts';

/**
 * Node calls listen(2) again on a descriptor it adopts, which replaces the backlog the supervisor chose; the default
 * would be 511. The kernel cuts this down to its own maximum. It counts only as the second argument of listen():
 * https://github.com/nodejs/node/blob/main/lib/net.js leaves `options.backlog` out for descriptors.
 */
const BACKLOG = 4096;

/**
 * What listen() of node:net comes down to. listen() itself first loads node:cluster, to ask whether it is a child of
 * that, which takes a millisecond before the first reply, and a megabyte for good. Not documented, but kept for old
 * callers: https://github.com/nodejs/node/blob/main/lib/net.js
 */
type Inner = { _listen2?: (address: null, port: null, addressType: null, backlog: number, fd: number) => void };

export type Listener = {
  /** Stops accepting. What is queued stays with the kernel for the next agent; the path stays where it is. */
  close(): void;
};

export type ListenOptions = {
  /** Takes each connection over, paused. */
  onSocket: (socket: Socket, listeningFd: number) => void;
  /**
   * Accepting has failed once; it goes on. Where there are no descriptors left, libuv closes what it cannot accept, mostly
   * without a word (uv__emfile_trick in https://github.com/libuv/libuv/blob/v1.x/src/unix/stream.c).
   */
  onMissed: (error: Error) => void;
};

/**
 * Accepts on several descriptors as on one: UNIX or TCP, as many as a supervisor has for a name.
 * @throws ERR_LAUNCHPOOL_SUPERVISOR_INVALID when one of them is not a listening stream socket.
 */
export async function listen(fds: readonly number[], options: ListenOptions): Promise<Listener> {
  const servers = await Promise.all(fds.map((fd) => adopt(fd, options)));
  return {
    close() {
      for (const server of servers) server.close();
    },
  };
}

function adopt(fd: number, { onSocket, onMissed }: ListenOptions): Promise<Server> {
  return new Promise((resolve, reject) => {
    const settings = { allowHalfOpen: true, noDelay: true, pauseOnConnect: true };
    const server = createServer(settings, (socket) => onSocket(socket, fd));
    server.once('error', (cause) => {
      reject(
        new LaunchpoolError(
          'ERR_LAUNCHPOOL_SUPERVISOR_INVALID',
          `cannot listen on descriptor ${fd}: ${cause.message}`,
          {
            cause,
            hint: 'The supervisor must hand over a bound, listening stream socket.',
          },
        ),
      );
    });
    server.once('listening', () => {
      server.removeAllListeners('error').on('error', onMissed);
      resolve(server);
    });
    const inner = server as Inner;
    if (inner._listen2 === undefined) server.listen({ fd }, BACKLOG);
    else inner._listen2(null, null, null, BACKLOG, fd);
  });
}
