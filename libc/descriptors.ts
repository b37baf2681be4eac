/** The C functions that Node does not have and the activator needs, through koffi. */
import koffi from 'koffi';

/** fcntl(2)'s F_DUPFD_CLOEXEC. */
const F_DUPFD_CLOEXEC = process.platform === 'darwin' ? 67 : 1030;
const POLLIN = 1;

// fcntl is variadic, and variadic arguments travel by other ways on Apple's arm64, so it must be declared as such.
const libc = koffi.load(null);
const fcntl = libc.func('int fcntl(int fd, int command, ...)');
const poll = libc.func('int poll(_Inout_ void *fds, unsigned long count, int timeoutMs)');
const closeFd = libc.func('int close(int fd)');

/** A second descriptor of the same open socket, which programs started from here do not inherit. */
export function duplicate(fd: number): number {
  const copy: number = fcntl(fd, F_DUPFD_CLOEXEC, 'int', 3);
  if (copy < 0) throw new Error(`fcntl(${fd}, F_DUPFD_CLOEXEC): error number ${koffi.errno()}`);
  return copy;
}

/** Whether something can be read now; of a listening socket: whether somebody has knocked. */
export function isReadable(fd: number): boolean {
  const entry = Buffer.alloc(8);
  entry.writeInt32LE(fd, 0);
  entry.writeInt16LE(POLLIN, 4);
  return poll(entry, 1, 0) > 0;
}

export function close(fd: number): void {
  closeFd(fd);
}
