/** A held socket: a listening UNIX socket that the holder never accepts on, and that reports waiting connections. */
import { randomBytes } from 'node:crypto';
import { type BigIntStats, chmodSync, lstatSync, renameSync, unlinkSync } from 'node:fs';
import { createServer, Socket } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { isMainThread } from 'node:worker_threads';
import { close, duplicate, isReadable } from '../../libc/descriptors.ts';
import { isBound } from '../../libc/is-bound.ts';
import { checkSocketPath } from '../../wire/address.ts';
import { LaunchpoolError } from '../../wire/errors.ts';
import { makeFolder } from '../make-folder.ts';
import { type HolderLock, lockHolder } from './holder-lock.ts';

/** The kernel cuts this down to its own maximum. */
const BACKLOG = 4096;
/** Delay after a wake-up without a waiting connection. */
const RECHECK_MS = 50;

/** Attempts to find a temporary name that is free. */
const ATTEMPTS = 100;

export type HeldSocket = {
  readonly path: string;
  /** The listening descriptor, for an agent to inherit. */
  readonly fd: number;
  /**
   * Resolves when a connection waits in the queue, and leaves it there. Rejects with an AbortError on the signal.
   * @param keepAlive whether to keep the process alive until then. Default: true.
   */
  waitForConnection(signal: AbortSignal, keepAlive?: boolean): Promise<void>;
  /** Closes the socket and removes its path, unless another file has taken the path. */
  close(): void;
};

/**
 * Binds with mode 0600. A missing folder is made with mode 0700. One process at a time holds the socket of a path, by a
 * lock: see holder-lock.ts. A dead socket, without a listener, is replaced, and so is the socket of a holder that was
 * killed: its agent, which may still have that socket, serves the connections in its queue and closes it.
 * @throws ERR_LAUNCHPOOL_ADDRESS_INVALID, ERR_LAUNCHPOOL_SOCKET_IN_USE, ERR_LAUNCHPOOL_SOCKET_FAILED
 */
export async function holdSocket(path: string): Promise<HeldSocket> {
  checkSocketPath(path);
  if (statOf(path)?.isSocket() === false)
    throw failed(path, new Error('the path is taken by a file that is no socket'));
  const lock = await locked(path);
  try {
    return await holdLocked(path, lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function locked(path: string): Promise<HolderLock> {
  try {
    makeFolder(dirname(path));
    return await lockHolder(path);
  } catch (error) {
    throw error instanceof LaunchpoolError ? error : failed(path, error);
  }
}

async function holdLocked(path: string, lock: HolderLock): Promise<HeldSocket> {
  const existing = statOf(path);
  if (existing !== undefined && isBound(path) !== false && !lock.isAbandoned(existing)) {
    throw new LaunchpoolError('ERR_LAUNCHPOOL_SOCKET_IN_USE', `the socket is in use: ${path}`, {
      hint: 'Stop the program that listens there, or choose another --socket PATH.',
    });
  }
  const fd = await bind(path);
  const own = lstatSync(path, { bigint: true });
  lock.record(own);
  let isClosed = false;

  return {
    path,
    fd,
    async waitForConnection(signal, keepAlive = true) {
      for (;;) {
        // A Socket with an aborted signal never closes its descriptor.
        signal.throwIfAborted();
        await readable(duplicate(fd), signal, keepAlive);
        if (isReadable(fd)) return;
        await wait(RECHECK_MS, undefined, { signal, ref: keepAlive });
      }
    },
    close() {
      // After the first close, the number may belong to another descriptor.
      if (isClosed) return;
      isClosed = true;
      close(fd);
      const current = statOf(path);
      if (current?.ino === own.ino && current.dev === own.dev) unlinkSync(path);
      lock.release();
    },
  };
}

/**
 * Binds under another name and renames. This replaces a dead socket in one step. It also keeps Node, which removes the
 * path that it has bound when its server closes, from removing the socket.
 */
async function bind(path: string): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await bindAs(temporaryNameOf(path), path);
    } catch (error) {
      if (attempt === ATTEMPTS || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw failed(path, error);
    }
  }
}

async function bindAs(binding: string, path: string): Promise<number> {
  const server = createServer();
  const settled = new Promise<void>((resolve, reject) => server.once('listening', resolve).once('error', reject));
  try {
    // Node binds a path within this call. It would accept in a later turn of the event loop, after close().
    forOwnerAlone(binding, () => server.listen(binding, BACKLOG));
    const bound = (server as unknown as { _handle: { fd: number } | null })._handle?.fd;
    if (bound === undefined) await settled;
    const fd = duplicate(bound as number);
    try {
      renameSync(binding, path);
    } catch (error) {
      close(fd);
      throw error;
    }
    return fd;
  } finally {
    settled.catch(() => undefined);
    server.close();
  }
}

/**
 * A worker thread cannot set the umask, which belongs to the process. There, the mode is set before the socket has its
 * path; of users that connect in between, which takes a umask of 0 in a shared folder, the agent asks the kernel.
 */
function forOwnerAlone(binding: string, bindNow: () => void): void {
  if (!isMainThread) {
    bindNow();
    // A failure to bind is an event of the server.
    if (statOf(binding)?.isSocket()) chmodSync(binding, 0o600);
    return;
  }
  const umask = process.umask(0o177);
  bindNow();
  process.umask(umask);
}

/**
 * Of the same length, since a longer path may not fit into an address. Other holders may bind in the folder just now, and
 * the name must not be the socket's own: of one letter, it is a control character, which no socket has as its name.
 */
function temporaryNameOf(path: string): string {
  const { length } = basename(path);
  const [first = 0, ...rest] = randomBytes(Math.max(1, length));
  const name =
    length > 1 ? `~${rest.map((byte) => byte.toString(36).at(-1)).join('')}` : String.fromCharCode(1 + (first % 31));
  return name === basename(path) ? temporaryNameOf(path) : join(dirname(path), name);
}

/** Resolves on a waiting connection: the listening socket becomes readable, and Node's read from it fails. */
function readable(fd: number, signal: AbortSignal, keepAlive: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = new Socket({ fd, readable: true, writable: false, signal });
    if (!keepAlive) socket.unref();
    socket.once('error', (error) => (signal.aborted ? reject(error) : resolve()));
    socket.once('close', () => resolve());
    socket.resume();
  });
}

function statOf(path: string): BigIntStats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false, bigint: true });
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
