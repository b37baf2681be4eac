/** Ends the queue of a listening socket, for all processes that have it. */
import { loadLibrary } from './library.ts';

const SHUT_RD = 0;

const shutdown = loadLibrary().func('int shutdown(int fd, int how)');

/**
 * From now on the kernel refuses connections to this UNIX socket; those in its queue can still be accepted, and an accept
 * after them fails with EINVAL.
 * @returns false on a system that cannot do this, such as macOS.
 */
export function shutSocket(fd: number): boolean {
  return process.platform === 'linux' && shutdown(fd, SHUT_RD) === 0;
}
