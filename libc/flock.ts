/** A lock on an open folder, flock(2). The system releases it when the process ends. */
import { ERRNO, lastErrno, loadLibrary } from './library.ts';

const LOCK_EX = 2;
const LOCK_NB = 4;
/** errno of flock(2) when another descriptor has the lock. */
const { EWOULDBLOCK } = ERRNO;

const flock = loadLibrary().func('int flock(int fd, int operation)');

/**
 * Does not wait. The lock belongs to the descriptor and ends when the descriptor is closed. Another descriptor of the
 * same folder does not have it, even in the same process.
 * @returns false when another descriptor has the lock; true on a file system without locks.
 */
export function tryLock(fd: number): boolean {
  return flock(fd, LOCK_EX | LOCK_NB) === 0 || lastErrno() !== EWOULDBLOCK;
}
