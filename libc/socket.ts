/** What the kernel knows of a socket, asked through libc: who is on its other side, and where it is bound. */
import koffi from 'koffi';

export type SocketAddress =
  /** The path is empty where there is none, as in Linux's abstract namespace. */
  { family: 'unix'; path: string } | { family: 'tcp'; host: string };

export type SocketCalls = {
  /** The user id of the process that connected; undefined where there is none to be had. */
  uidOf(fd: number): number | undefined;
  /** Where a socket is bound; undefined when it is none, or of another kind. */
  addressOf(fd: number): SocketAddress | undefined;
  /**
   * Whether the other side takes nothing any more, rather than having ended its own side only. On macOS these look the
   * same, and the next write tells.
   */
  isGone(fd: number): boolean;
  /** How many descriptors this process may have. */
  readonly maxDescriptors: number;
};

export type SocketCallsOptions = {
  /** @default process.platform */
  platform?: NodeJS.Platform | undefined;
  /** Where the functions are looked for. @default what the process itself is linked with */
  library?: string | undefined;
};

const AF_UNIX = 1;
const AF_INET = 2;
/** By platform, what differs: sys/socket.h and sys/resource.h. */
const LINUX = { AF_INET6: 10, RLIMIT_NOFILE: 7 } as const;
const DARWIN = { AF_INET6: 30, RLIMIT_NOFILE: 8 } as const;
/** unix(7): what SO_PEERCRED gives is a struct ucred { pid_t pid; uid_t uid; gid_t gid; }. */
const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
const UCRED_BYTES = 12;
/** poll(2). */
const POLLERR = 8;
const POLLHUP = 16;
/** More than any sockaddr has: struct sockaddr_storage. */
const SOCKADDR_BYTES = 128;

export function createSocketCalls({ platform = process.platform, library }: SocketCallsOptions = {}): SocketCalls {
  const isDarwin = platform === 'darwin';
  const { AF_INET6, RLIMIT_NOFILE } = isDarwin ? DARWIN : LINUX;
  const libc = koffi.load(library ?? null);
  const getsockname = libc.func('int getsockname(int fd, _Out_ void *name, _Inout_ uint32_t *size)');
  const poll = libc.func('int poll(_Inout_ void *fds, unsigned long count, int timeoutMs)');
  const getrlimit = libc.func('int getrlimit(int resource, _Out_ void *limits)');

  return {
    uidOf: isDarwin ? byPeerEid(libc) : byPeerCred(libc),
    addressOf(fd) {
      const name = Buffer.alloc(SOCKADDR_BYTES);
      const size: [number] = [SOCKADDR_BYTES];
      if (getsockname(fd, name, size) !== 0) return undefined;
      // There the first byte is the length.
      const family = isDarwin ? name.readUInt8(1) : name.readUInt16LE(0);
      if (family === AF_UNIX) return { family: 'unix', path: pathIn(name.subarray(2, size[0])) };
      if (family === AF_INET) return { family: 'tcp', host: [...name.subarray(4, 8)].join('.') };
      if (family === AF_INET6) return { family: 'tcp', host: ip6(name.subarray(8, 24)) };
      return undefined;
    },
    isGone(fd) {
      if (isDarwin) return false;
      // struct pollfd { int fd; short events; short revents; }: these two come unasked.
      const entry = Buffer.alloc(8);
      entry.writeInt32LE(fd, 0);
      return poll(entry, 1, 0) > 0 && (entry.readInt16LE(6) & (POLLERR | POLLHUP)) !== 0;
    },
    get maxDescriptors() {
      const word = koffi.sizeof('unsigned long');
      const limits = Buffer.alloc(2 * word);
      if (getrlimit(RLIMIT_NOFILE, limits) !== 0) return Number.POSITIVE_INFINITY;
      return word === 8 ? Number(limits.readBigUInt64LE(0)) : limits.readUInt32LE(0);
    },
  };
}

type Library = ReturnType<typeof koffi.load>;

function byPeerCred(libc: Library): SocketCalls['uidOf'] {
  const getsockopt = libc.func(
    'int getsockopt(int fd, int level, int name, _Out_ void *value, _Inout_ uint32_t *size)',
  );
  return (fd) => {
    const ucred = Buffer.alloc(UCRED_BYTES);
    const size: [number] = [UCRED_BYTES];
    const failed = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, ucred, size) !== 0 || size[0] !== UCRED_BYTES;
    return failed ? undefined : ucred.readUInt32LE(4);
  };
}

/** getpeereid(3). */
function byPeerEid(libc: Library): SocketCalls['uidOf'] {
  const getpeereid = libc.func('int getpeereid(int fd, _Out_ uint32_t *uid, _Out_ uint32_t *gid)');
  return (fd) => {
    const uid: [number] = [0];
    return getpeereid(fd, uid, [0]) === 0 ? uid[0] : undefined;
  };
}

/** A name in the abstract namespace begins with a NUL, and is no path. */
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
