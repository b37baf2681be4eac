/** A listening UNIX socket that is held without being accepted on, and that says when somebody knocks. */
import { lstatSync, mkdirSync, renameSync, type Stats, statSync, unlinkSync } from 'node:fs';
import { connect, createServer, Socket } from 'node:net';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { close, duplicate, isReadable } from '../../libc/descriptors.ts';
import { checkSocketPath } from '../../wire/address.ts';
import { LaunchpoolError } from '../../wire/errors.ts';

/** The kernel cuts this down to its own maximum. */
const BACKLOG = 4096;
/** Between two looks, when a descriptor wakes us and nobody has knocked. */
const RECHECK_MS = 50;

export type HeldSocket = {
  readonly path: string;
  /** The listening descriptor, to be handed to an agent. */
  readonly fd: number;
  /** Resolves when a connection waits; it is left waiting. Rejects with an AbortError when the signal fires. */
  waitForConnection(signal: AbortSignal): Promise<void>;
  /** Closes the socket and removes its path, if it is still this one's. */
  close(): void;
};

/**
 * Binds with mode 0600, in a folder that is made with mode 0700 if it is missing. A socket that nobody listens on any
 * more is replaced.
 * @throws ERR_LAUNCHPOOL_ADDRESS_INVALID, ERR_LAUNCHPOOL_SOCKET_IN_USE, ERR_LAUNCHPOOL_SOCKET_FAILED
 */
export async function holdSocket(path: string): Promise<HeldSocket> {
  checkSocketPath(path);
  const existing = statOf(path);
  if (existing !== undefined && !existing.isSocket()) {
    throw failed(path, new Error('there is something else at that path'));
  }
  if (existing !== undefined && (await isAnswered(path))) {
    throw new LaunchpoolError('ERR_LAUNCHPOOL_SOCKET_IN_USE', `somebody listens at ${path} already`, {
      hint: 'Is the same agent running in another terminal? Choose another --socket PATH, or stop it.',
    });
  }
  const fd = await bind(path);
  const own = statSync(path);
  let closed = false;

  return {
    path,
    fd,
    async waitForConnection(signal) {
      for (;;) {
        // A Socket that is made with a signal that has fired already never closes its descriptor.
        signal.throwIfAborted();
        await readable(duplicate(fd), signal);
        if (isReadable(fd)) return;
        await wait(RECHECK_MS, undefined, { signal });
      }
    },
    close() {
      // The number may be somebody else's by the second time.
      if (closed) return;
      closed = true;
      close(fd);
      const there = statOf(path);
      if (there?.ino === own.ino && there.dev === own.dev) unlinkSync(path);
    },
  };
}

/**
 * Binds under another name and renames, so that a dead socket in the way is replaced in one step, and so that Node,
 * which removes the path it has bound when its server closes, finds nothing to remove.
 */
async function bind(path: string): Promise<number> {
  const binding = `${path.slice(0, -1)}${path.endsWith('~') ? '-' : '~'}`;
  const server = createServer();
  const settled = new Promise<void>((resolve, reject) => server.once('listening', resolve).once('error', reject));
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    if (statOf(binding)?.isSocket()) unlinkSync(binding);
    const umask = process.umask(0o177);
    // Node binds a path inside of this call and accepts in a later turn of the event loop, so never here.
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

/** Node reads from a listening socket when it becomes readable, which fails, and says so: somebody has knocked. */
function readable(fd: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = new Socket({ fd, readable: true, writable: false, signal });
    socket.once('error', (error) => (signal.aborted ? reject(error) : resolve()));
    socket.once('close', () => resolve());
    socket.resume();
  });
}

/** Any error but these two comes of somebody who is there: a full queue, another user, a socket of another kind. */
function isAnswered(path: string): Promise<boolean> {
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
    // ENOTDIR, EACCES: binding there will say what is wrong.
    return undefined;
  }
}

function failed(path: string, cause: unknown): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_SOCKET_FAILED', `cannot bind ${path}: ${(cause as Error).message}`, {
    cause,
    hint: 'Choose a path in a folder of your own with --socket PATH.',
  });
}
