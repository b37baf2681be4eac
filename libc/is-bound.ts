/** Whether a process has the socket at a path. The check makes no connection, which would start an agent. */
import { ERRNO, lastErrno, loadLibrary } from './library.ts';

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const { EPROTOTYPE, ECONNREFUSED } = ERRNO;

const libc = loadLibrary();
const openSocket = libc.func('int socket(int domain, int type, int protocol)');
const connectTo = libc.func('int connect(int fd, const void *address, uint32_t length)');
const closeFd = libc.func('int close(int fd)');

/**
 * Connects with a socket of the wrong type. By connect(2), the kernel answers EPROTOTYPE when the socket is open, and
 * ECONNREFUSED when its owner has closed it; the owner sees neither. Links in the path and the name under which the
 * socket was bound do not matter.
 * @returns undefined on any other error.
 */
export function isBound(path: string): boolean | undefined {
  const fd: number = openSocket(AF_UNIX, SOCK_DGRAM, 0);
  if (fd < 0) return undefined;
  try {
    const family = process.platform === 'darwin' ? [0, AF_UNIX] : [AF_UNIX, 0];
    const address = Buffer.concat([Buffer.from(family), Buffer.from(`${path}\0`)]);
    if (connectTo(fd, address, address.length) === 0) return true;
    const errno = lastErrno();
    if (errno === ECONNREFUSED) return false;
    return errno === EPROTOTYPE ? true : undefined;
  } finally {
    closeFd(fd);
  }
}
