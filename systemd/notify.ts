/** sd_notify(3): reports the state of this process to systemd. */
import { lastErrno, loadLibrary } from '../libc/library.ts';

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const MSG_NOSIGNAL = 0x4000;
/** Size of the path in sockaddr_un, in bytes: unix(7). */
const MAX_PATH_BYTES = 108;

/**
 * Sends one message, such as `READY=1`, through libc: Node has no datagram sockets in the UNIX domain.
 * @param address the value of `NOTIFY_SOCKET`: a path, or `@` and a name in the abstract namespace.
 * @throws when no socket receives at the address.
 */
export function notifySystemd(address: string, message: string): void {
  const path = Buffer.from(address);
  if (path.length === 0 || path.length >= MAX_PATH_BYTES) throw new Error(`NOTIFY_SOCKET is ${path.length} bytes long`);
  if (address.startsWith('@')) path[0] = 0;
  const name = Buffer.alloc(2 + path.length);
  name.writeUInt16LE(AF_UNIX, 0);
  path.copy(name, 2);

  const libc = loadLibrary();
  const socket = libc.func('int socket(int domain, int type, int protocol)');
  const sendto = libc.func(
    'intptr_t sendto(int fd, const void *bytes, size_t length, int flags, const void *name, uint32_t size)',
  );
  const close = libc.func('int close(int fd)');
  const fd: number = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const bytes = Buffer.from(message);
  const sent: number = fd < 0 ? -1 : sendto(fd, bytes, bytes.length, MSG_NOSIGNAL, name, name.length);
  const failure = sent < 0 ? lastErrno() : undefined;
  if (fd >= 0) close(fd);
  if (failure !== undefined) throw new Error(`sendto(${address}): error number ${failure}`);
}
