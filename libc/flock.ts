/** A lock on an open file or folder, flock(2). The system releases it when the process ends. */
import { ERRNO, lastErrno, loadLibrary } from './library.ts';

const LOCK_EX = 2;
const LOCK_NB = 4;
/** errno of flock(2) when another descriptor has the lock. */
const { EWOULDBLOCK } = ERRNO;

const flock = loadLibrary().func('int flock(int fd, int operation)');

/**
 * Does not wait. The lock belongs to the descriptor and ends when the descriptor is closed. Another descriptor of the
 * same file does not have it, even in the same process.
 * @returns `taken` when another descriptor has the lock; `unsupported` on a file system without locks.
 */
export function lock(fd: number): 'locked' | 'taken' | 'unsupported' {
  if (flock(fd, LOCK_EX | LOCK_NB) === 0) return 'locked';
  return lastErrno() === EWOULDBLOCK ? 'taken' : 'unsupported';
}

/** As {@link lock}; false when another descriptor has the lock. A file system without locks keeps no process out. */
export function tryLock(fd: number): boolean {
  return lock(fd) !== 'taken';
}
