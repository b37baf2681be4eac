/** A held socket: a listening UNIX socket that the holder never accepts on, and that reports waiting connections. */
import { lstatSync, mkdirSync, renameSync, type Stats, statSync, unlinkSync } from 'node:fs';
import { connect, createServer, Socket } from 'node:net';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { close, duplicate, isReadable } from '../../libc/descriptors.ts';
import { checkSocketPath } from '../../wire/address.ts';
import { LaunchpoolError } from '../../wire/errors.ts';

/** The kernel cuts this down to its own maximum. */
const BACKLOG = 4096;
/** Delay after a wake-up without a waiting connection. */
const RECHECK_MS = 50;

export type HeldSocket = {
  readonly path: string;
  /** The listening descriptor, for an agent to inherit. */
  readonly fd: number;
  /** Resolves when a connection waits in the queue, and leaves it there. Rejects with an AbortError on the signal. */
  waitForConnection(signal: AbortSignal): Promise<void>;
  /** Closes the socket and removes its path, unless another file has taken the path. */
  close(): void;
};

/**
 * Binds with mode 0600. A missing folder is made with mode 0700. A dead socket, without a listener, is replaced.
 * @throws ERR_LAUNCHPOOL_ADDRESS_INVALID, ERR_LAUNCHPOOL_SOCKET_IN_USE, ERR_LAUNCHPOOL_SOCKET_FAILED
 */
export async function holdSocket(path: string): Promise<HeldSocket> {
  checkSocketPath(path);
  const existing = statOf(path);
  if (existing !== undefined && !existing.isSocket()) {
    throw failed(path, new Error('the path is taken by a file that is no socket'));
  }
  if (existing !== undefined && (await isOpen(path))) {
    throw new LaunchpoolError('ERR_LAUNCHPOOL_SOCKET_IN_USE', `the socket is in use: ${path}`, {
      hint: 'Stop the agent that listens there, perhaps in another terminal, or choose another --socket PATH.',
    });
  }
  const fd = await bind(path);
  const own = statSync(path);
  let isClosed = false;

  return {
    path,
    fd,
    async waitForConnection(signal) {
      for (;;) {
        // A Socket with an aborted signal never closes its descriptor.
        signal.throwIfAborted();
        await readable(duplicate(fd), signal);
        if (isReadable(fd)) return;
        await wait(RECHECK_MS, undefined, { signal });
      }
    },
    close() {
      // After the first close, the number may belong to another descriptor.
      if (isClosed) return;
      isClosed = true;
      close(fd);
      const current = statOf(path);
      if (current?.ino === own.ino && current.dev === own.dev) unlinkSync(path);
    },
  };
}

/**
 * Binds under another name and renames. This replaces a dead socket in one step. It also keeps Node, which removes the
 * path that it has bound when its server closes, from removing the socket.
 */
async function bind(path: string): Promise<number> {
  const binding = `${path.slice(0, -1)}${path.endsWith('~') ? '-' : '~'}`;
  const server = createServer();
  const settled = new Promise<void>((resolve, reject) => server.once('listening', resolve).once('error', reject));
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    if (statOf(binding)?.isSocket()) unlinkSync(binding);
    const umask = process.umask(0o177);
    // Node binds a path within this call. It would accept in a later turn of the event loop, after close().
    server.listen(binding, BACKLOG);
    process.umask(umask);
    const bound = (server as unknown as { _handle: { fd: number } | null })._handle?.fd;
    if (bound === undefined) await settled;
    const fd = duplicate(bound as number);
    renameSync(binding, path);
    return fd;
  } catch (error) {
    throw failed(path, error);
  } finally {
    settled.catch(() => undefined);
    server.close();
  }
}

/** Resolves on a waiting connection: the listening socket becomes readable, and Node's read from it fails. */
function readable(fd: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = new Socket({ fd, readable: true, writable: false, signal });
    socket.once('error', (error) => (signal.aborted ? reject(error) : resolve()));
    socket.once('close', () => resolve());
    socket.resume();
  });
}

/** Any other error means that the socket is open: a full queue, another user, another type of socket. */
function isOpen(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code !== 'ECONNREFUSED' && code !== 'ENOENT'));
  });
}

function statOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    // ENOTDIR, EACCES: bind() fails with the reason.
    return undefined;
  }
}

function failed(path: string, cause: unknown): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_SOCKET_FAILED', `cannot bind ${path}: ${(cause as Error).message}`, {
    cause,
    hint: 'Choose a path in a folder of your own with --socket PATH.',
  });
}
