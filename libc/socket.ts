/** Socket calls: the user on the other side of a socket, its address, and the descriptor limit. */
import { type Library, loadLibrary, sizeOf } from './library.ts';

export type SocketAddress =
  /** The path is empty for a socket without one, for instance in Linux's abstract namespace. */
  { family: 'unix'; path: string } | { family: 'tcp'; host: string };

export type SocketPeer = { uid: number; pid?: number };

export type SocketCalls = {
  /** The user id of the process that connected, and its process id where the system tells; undefined when it has none. */
  peerOf(fd: number): SocketPeer | undefined;
  /** The address a socket is bound to; undefined for another kind of socket or descriptor. */
  addressOf(fd: number): SocketAddress | undefined;
  /** Whether the other side has closed the connection, rather than its own direction only. */
  isGone(fd: number): boolean;
  /** The maximum number of descriptors of this process. */
  readonly maxDescriptors: number;
};

export type SocketCallsOptions = {
  /** @default process.platform */
  platform?: NodeJS.Platform | undefined;
  /** The library with the functions. @default the libraries this process is linked with */
  library?: string | undefined;
};

const AF_UNIX = 1;
const AF_INET = 2;
/** Constants that differ by platform: sys/socket.h and sys/resource.h. */
const LINUX = { AF_INET6: 10, RLIMIT_NOFILE: 7 } as const;
const DARWIN = { AF_INET6: 30, RLIMIT_NOFILE: 8 } as const;
/** unix(7): SO_PEERCRED returns a struct ucred { pid_t pid; uid_t uid; gid_t gid; }. */
const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
const UCRED_BYTES = 12;
/** XNU's sys/un.h. */
const SOL_LOCAL = 0;
const LOCAL_PEERPID = 2;
const PID_BYTES = 4;
/**
 * poll(2). Linux reports the two ends without a request. In XNU, a full close of the peer sets CANTSENDMORE on this side
 * (unp_disconnect in bsd/kern/uipc_usrreq.c), and a half-close does not (unp_shutdown); poll() reports that as POLLHUP, and
 * only to a caller that asks for POLLOUT (bsd/kern/sys_generic.c).
 */
const POLLOUT = 4;
const POLLERR = 8;
const POLLHUP = 16;
/** The size of struct sockaddr_storage, which holds every sockaddr. */
const SOCKADDR_BYTES = 128;

export function createSocketCalls({ platform = process.platform, library }: SocketCallsOptions = {}): SocketCalls {
  const isDarwin = platform === 'darwin';
  const { AF_INET6, RLIMIT_NOFILE } = isDarwin ? DARWIN : LINUX;
  const libc = loadLibrary(library);
  const getsockname = libc.func('int getsockname(int fd, _Out_ void *name, _Inout_ uint32_t *size)');
  const poll = libc.func('int poll(_Inout_ void *fds, unsigned long count, int timeoutMs)');
  const getrlimit = libc.func('int getrlimit(int resource, _Out_ void *limits)');

  return {
    peerOf: isDarwin ? byPeerEid(libc) : byPeerCred(libc),
    addressOf(fd) {
      const name = Buffer.alloc(SOCKADDR_BYTES);
      const size: [number] = [SOCKADDR_BYTES];
      if (getsockname(fd, name, size) !== 0) return undefined;
      // On macOS the first byte is the length.
      const family = isDarwin ? name.readUInt8(1) : name.readUInt16LE(0);
      if (family === AF_UNIX) return { family: 'unix', path: pathIn(name.subarray(2, size[0])) };
      if (family === AF_INET) return { family: 'tcp', host: [...name.subarray(4, 8)].join('.') };
      if (family === AF_INET6) return { family: 'tcp', host: ip6(name.subarray(8, 24)) };
      return undefined;
    },
    isGone(fd) {
      // struct pollfd { int fd; short events; short revents; }
      const entry = Buffer.alloc(8);
      entry.writeInt32LE(fd, 0);
      if (isDarwin) entry.writeInt16LE(POLLOUT, 4);
      return poll(entry, 1, 0) > 0 && (entry.readInt16LE(6) & (POLLERR | POLLHUP)) !== 0;
    },
    get maxDescriptors() {
      const word = sizeOf('unsigned long');
      const limits = Buffer.alloc(2 * word);
      if (getrlimit(RLIMIT_NOFILE, limits) !== 0) return Number.POSITIVE_INFINITY;
      return word === 8 ? Number(limits.readBigUInt64LE(0)) : limits.readUInt32LE(0);
    },
  };
}

const GETSOCKOPT = 'int getsockopt(int fd, int level, int name, _Out_ void *value, _Inout_ uint32_t *size)';

function byPeerCred(libc: Library): SocketCalls['peerOf'] {
  const getsockopt = libc.func(GETSOCKOPT);
  return (fd) => {
    const ucred = Buffer.alloc(UCRED_BYTES);
    const size: [number] = [UCRED_BYTES];
    const failed = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, ucred, size) !== 0 || size[0] !== UCRED_BYTES;
    return failed ? undefined : { uid: ucred.readUInt32LE(4), pid: ucred.readInt32LE(0) };
  };
}

/** getpeereid(3), and unix(4): LOCAL_PEERPID. */
function byPeerEid(libc: Library): SocketCalls['peerOf'] {
  const getpeereid = libc.func('int getpeereid(int fd, _Out_ uint32_t *uid, _Out_ uint32_t *gid)');
  const getsockopt = libc.func(GETSOCKOPT);
  return (fd) => {
    const uid: [number] = [0];
    if (getpeereid(fd, uid, [0]) !== 0) return undefined;
    const pid = Buffer.alloc(PID_BYTES);
    const size: [number] = [PID_BYTES];
    const isKnown = getsockopt(fd, SOL_LOCAL, LOCAL_PEERPID, pid, size) === 0 && size[0] === PID_BYTES;
    return isKnown ? { uid: uid[0], pid: pid.readInt32LE(0) } : { uid: uid[0] };
  };
}

/** A name in the abstract namespace starts with a NUL and yields an empty path. */
function pathIn(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end);
}

function ip6(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_unused, index) => bytes.readUInt16BE(2 * index));
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) return bytes.subarray(12).join('.');
  return groups.slice(0, 7).every((group) => group === 0) ? `::${groups[7]?.toString(16)}` : ip6Text(groups);
}

const ip6Text = (groups: readonly number[]): string => groups.map((group) => group.toString(16)).join(':');
