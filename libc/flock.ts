/** A lock on an open folder, which the system takes back when its process ends: flock(2), through koffi. */
import koffi from 'koffi';

const LOCK_EX = 2;
const LOCK_NB = 4;
/** What flock(2) says of a lock that another one has. */
const EWOULDBLOCK = koffi.os.errno.EWOULDBLOCK;

const flock = koffi.load(null).func('int flock(int fd, int operation)');

/**
 * Does not wait. The lock is of the descriptor, and ends when that is closed; another descriptor of the same folder
 * does not have it, in the same process neither.
 * @returns false when another one has it. A file system that knows no locks keeps nobody out.
 */
export function tryLock(fd: number): boolean {
  return flock(fd, LOCK_EX | LOCK_NB) === 0 || koffi.errno() !== EWOULDBLOCK;
}
