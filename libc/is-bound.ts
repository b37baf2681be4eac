/** Whether a socket on the disk is anybody's, found out without knocking at it: that would start who it is for. */
import koffi from 'koffi';

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const { EPROTOTYPE, ECONNREFUSED } = koffi.os.errno;

const libc = koffi.load(null);
const openSocket = libc.func('int socket(int domain, int type, int protocol)');
const connectTo = libc.func('int connect(int fd, const void *address, uint32_t length)');
const closeFd = libc.func('int close(int fd)');

/**
 * Asks with a socket of the wrong type: of one that is open the kernel says that the types differ, connect(2), of one
 * whose owner is gone that it refuses. Neither is heard of on the other side. What the path leads through, and under
 * which name the socket was bound, does not matter.
 * @returns undefined when the kernel says something else.
 */
export function isBound(path: string): boolean | undefined {
  const fd: number = openSocket(AF_UNIX, SOCK_DGRAM, 0);
  if (fd < 0) return undefined;
  try {
    const family = process.platform === 'darwin' ? [0, AF_UNIX] : [AF_UNIX, 0];
    const address = Buffer.concat([Buffer.from(family), Buffer.from(`${path}\0`)]);
    if (connectTo(fd, address, address.length) === 0) return true;
    const errno = koffi.errno();
    if (errno === ECONNREFUSED) return false;
    return errno === EPROTOTYPE ? true : undefined;
  } finally {
    closeFd(fd);
  }
}
