/**
 * The lock of a held socket: the file `<path>.lock` beside it, locked with flock(2) while a process holds the socket. The
 * file names the holder, for others that want the socket, and the socket, for the next holder if this one is killed.
 */
import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { lock } from '../../libc/flock.ts';
import { holderLockOf } from '../../wire/address.ts';
import { LaunchpoolError } from '../../wire/errors.ts';

/** How often, and how many milliseconds apart, the holder's id is read: a holder writes it just after it has the lock. */
const READS = 20;
const READ_MS = 5;
/** Attempts to lock a file that other holders remove just then. */
const ATTEMPTS = 100;
/** The file has less. */
const MAX_BYTES = 512;

/** The file is neither a link nor a FIFO that would block. O_CREAT alone fails for root in another user's /tmp. */
const EXISTING = constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const NEW = EXISTING | constants.O_CREAT | constants.O_EXCL;

export type HolderLock = {
  /** Whether this socket belonged to the last holder, which ended without closing it. Its agent may still have it. */
  isAbandoned(socket: BigIntStats): boolean;
  /** Records the holder's own socket. */
  record(socket: BigIntStats): void;
  /** Removes the file and ends the lock. */
  release(): void;
};

type Contents = { pid?: number | undefined; socket?: unknown };

/**
 * Does not wait for the lock.
 * @throws ERR_LAUNCHPOOL_SOCKET_IN_USE when a process holds the socket, with its id as `data.pid`; errors of the file
 *   system.
 */
export async function lockHolder(socketPath: string): Promise<HolderLock> {
  const path = holderLockOf(socketPath);
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const fd = opened(path);
    if (fd === undefined) continue;
    const outcome = lock(fd);
    if (outcome === 'taken') {
      try {
        throw inUse(socketPath, await holderIn(fd));
      } finally {
        closeSync(fd);
      }
    }
    if (isAt(path, fd)) return locked(path, fd, outcome === 'locked');
    // The last holder has removed the file.
    closeSync(fd);
  }
  throw new Error(`${path} is removed again and again`);
}

function locked(path: string, fd: number, hasLock: boolean): HolderLock {
  const last = contentsOf(fd);
  const stats = fstatSync(fd);
  // Another user's file proves nothing. Without locks, the holder of the file may live.
  const isTrusted = hasLock && stats.uid === process.geteuid?.();
  write(fd, { pid: process.pid });
  return {
    isAbandoned: (socket) => isTrusted && last.socket === identityOf(socket),
    record: (socket) => write(fd, { pid: process.pid, socket: identityOf(socket) }),
    release() {
      try {
        // Removed before the lock ends: afterwards, the file may belong to the next holder.
        if (isAt(path, fd)) unlinkSync(path);
      } finally {
        closeSync(fd);
      }
    },
  };
}

/** Undefined when another process has made or removed the file in between. */
function opened(path: string): number | undefined {
  for (const flags of [EXISTING, NEW]) {
    try {
      return regular(path, openSync(path, flags, 0o600));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== (flags === EXISTING ? 'ENOENT' : 'EEXIST')) throw error;
    }
  }
  return undefined;
}

/** A second name of the file, made by another user, would have that file overwritten. */
function regular(path: string, fd: number): number {
  const stats = fstatSync(fd);
  if (stats.isFile() && stats.nlink <= 1) return fd;
  closeSync(fd);
  throw new Error(`${path} is not a file of launchpool`);
}

function isAt(path: string, fd: number): boolean {
  const [there, own] = [statSync(path, { throwIfNoEntry: false }), fstatSync(fd)];
  return there?.ino === own.ino && there.dev === own.dev;
}

/** Undefined when no running process is named. */
async function holderIn(fd: number): Promise<number | undefined> {
  for (let read = 1; read <= READS; read += 1) {
    const { pid } = contentsOf(fd);
    // The id of a killed holder stands there until the next one has written its own.
    if (pid !== undefined && isRunning(pid)) return pid;
    await wait(READ_MS);
  }
  return undefined;
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function contentsOf(fd: number): Contents {
  const bytes = Buffer.alloc(MAX_BYTES);
  try {
    const { pid, socket } = JSON.parse(bytes.toString('utf8', 0, readSync(fd, bytes, 0, MAX_BYTES, 0)));
    return { pid: Number.isSafeInteger(pid) && pid > 0 ? pid : undefined, socket };
  } catch {
    // A holder was killed before it had written, or writes just now.
    return {};
  }
}

/** On a full disk the file stays without the holder: the lock does not depend on it. */
function write(fd: number, contents: Contents): void {
  const text = `${JSON.stringify(contents)}\n`;
  try {
    ftruncateSync(fd, writeSync(fd, text, 0));
  } catch {}
}

/** An inode number is used again, for a socket of another time. */
function identityOf({ dev, ino, mtimeNs }: BigIntStats): string {
  return `${dev}:${ino}:${mtimeNs}`;
}

function inUse(path: string, pid: number | undefined): LaunchpoolError {
  const holder = pid === undefined ? 'another process' : pid === process.pid ? 'this process' : `process ${pid}`;
  return new LaunchpoolError('ERR_LAUNCHPOOL_SOCKET_IN_USE', `the socket is in use: ${holder} holds ${path}`, {
    hint: 'Stop that process, perhaps in another terminal, or choose another --socket PATH.',
    data: { pid },
  });
}
