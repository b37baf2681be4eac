/** Calls on descriptors that Node lacks and the holder needs. */
import { lastErrno, loadLibrary } from './library.ts';

/** fcntl(2)'s F_DUPFD_CLOEXEC. */
const F_DUPFD_CLOEXEC = process.platform === 'darwin' ? 67 : 1030;
const POLLIN = 1;
const POLLOUT = 4;

const libc = loadLibrary();
// The prototype must be variadic: Apple's arm64 passes variadic arguments differently.
const fcntl = libc.func('int fcntl(int fd, int command, ...)');
const poll = libc.func('int poll(_Inout_ void *fds, unsigned long count, int timeoutMs)');
const closeFd = libc.func('int close(int fd)');

/** Returns a second descriptor of the same open socket, which child processes do not inherit. */
export function duplicate(fd: number): number {
  const copy: number = fcntl(fd, F_DUPFD_CLOEXEC, 'int', 3);
  if (copy < 0) throw new Error(`fcntl(${fd}, F_DUPFD_CLOEXEC): error number ${lastErrno()}`);
  return copy;
}

/** Whether a read would not block; for a listening socket, whether a connection waits. */
export function isReadable(fd: number): boolean {
  return isReady(fd, POLLIN);
}

/** Whether a write of up to PIPE_BUF bytes would not block, or would fail. */
export function isWritable(fd: number): boolean {
  return isReady(fd, POLLOUT);
}

function isReady(fd: number, event: number): boolean {
  const entry = Buffer.alloc(8);
  entry.writeInt32LE(fd, 0);
  entry.writeInt16LE(event, 4);
  return poll(entry, 1, 0) > 0;
}

export function close(fd: number): void {
  closeFd(fd);
}
