/** Accepts connections on listening descriptors that a supervisor has bound. */
import { createServer, type Server, type Socket } from 'node:net';
import { LaunchpoolError } from '../../../wire/errors.ts';
import { contain } from '../../dispatch/connection/containment.ts';

/**
 * Node calls listen(2) again on an adopted descriptor, which replaces the supervisor's backlog, with 511 by default. The
 * kernel limits the value to its own maximum. It must be the second argument of listen(): for descriptors,
 * https://github.com/nodejs/node/blob/main/lib/net.js ignores `options.backlog`.
 */
const BACKLOG = 4096;

/**
 * The function behind listen() of node:net. listen() itself first loads node:cluster, which takes a millisecond before
 * the first reply, and a megabyte. Undocumented, and kept for old callers:
 * https://github.com/nodejs/node/blob/main/lib/net.js
 */
type Inner = { _listen2?: (address: null, port: null, addressType: null, backlog: number, fd: number) => void };

export type Listener = {
  /** Stops accepting. Queued connections stay in the kernel for the next agent, and the path stays. */
  close(): void;
  /**
   * Accepts what waits in the kernel, and closes: for an agent whose holder has exited. Its sockets end with it, and a
   * connection that is not accepted would be lost. Resolves when the sockets are closed.
   */
  drain(): Promise<void>;
};

/** Node accepts one connection in a turn of the event loop, as long as one waits. */
const QUIET_TURNS = 2;
/** A bound, in milliseconds, where connections still join the queue: see shutSocket(). */
const MAX_DRAIN_MS = 1_000;

export type ListenOptions = {
  /** Takes over each accepted, paused socket. */
  onSocket: (socket: Socket, listeningFd: number) => void;
  /**
   * Called when one accept has failed; accepting goes on. Without free descriptors, libuv closes connections that it
   * cannot accept, mostly without an error (uv__emfile_trick in
   * https://github.com/libuv/libuv/blob/v1.x/src/unix/stream.c).
   */
  onMissed: (error: Error) => void;
};

/**
 * Accepts on all descriptors, UNIX or TCP, that a supervisor has for a name.
 * @throws ERR_LAUNCHPOOL_SUPERVISOR_INVALID when a descriptor is no listening stream socket.
 */
export async function listen(fds: readonly number[], options: ListenOptions): Promise<Listener> {
  let accepted = 0;
  let isClosed = false;
  const onSocket: ListenOptions['onSocket'] = (socket, fd) => {
    accepted += 1;
    options.onSocket(socket, fd);
  };
  const servers = await Promise.all(fds.map((fd) => adopt(fd, { ...options, onSocket })));

  function close(): void {
    isClosed = true;
    for (const server of servers) server.close();
  }

  return {
    close,
    async drain() {
      const { shutSocket } = await import('../../../libc/shut-socket.ts');
      // After a close, the numbers may belong to other descriptors.
      const isShut = !isClosed && fds.map(shutSocket).every(Boolean);
      const deadline = isShut ? Number.POSITIVE_INFINITY : performance.now() + MAX_DRAIN_MS;
      for (let quietTurns = 0; quietTurns < QUIET_TURNS && !isClosed && performance.now() < deadline; ) {
        const before = accepted;
        await new Promise(setImmediate);
        quietTurns = accepted === before ? quietTurns + 1 : 0;
      }
      close();
    },
  };
}

function adopt(fd: number, { onSocket, onMissed }: ListenOptions): Promise<Server> {
  return new Promise((resolve, reject) => {
    const settings = { allowHalfOpen: true, noDelay: true, pauseOnConnect: true };
    const server = createServer(settings, (socket) => {
      // The connection does not exist yet.
      const onFault = (error: unknown): void => {
        onMissed(error as Error);
        socket.destroy();
      };
      contain({ onFault }, () => onSocket(socket, fd));
    });
    server.once('error', (cause) => {
      reject(
        new LaunchpoolError(
          'ERR_LAUNCHPOOL_SUPERVISOR_INVALID',
          `cannot listen on descriptor ${fd}: ${cause.message}`,
          {
            cause,
            hint: 'Have the supervisor pass a bound, listening stream socket.',
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
