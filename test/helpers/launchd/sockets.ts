/** Sockets as launchd makes them: bound and listening, and never accepted on by their holder. Linux only. */
import { randomBytes } from 'node:crypto';
import { chmodSync, renameSync, unlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { close } from '../../../libc/descriptors.ts';
import { loadLibrary } from '../../../libc/library.ts';

const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_STREAM = 1;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
/** kern.ipc.somaxconn, to which macOS limits launchd's backlog of -1. */
const BACKLOG = 128;
/** macOS's sun_path has 104 bytes. */
const MAX_PATH = 103;

const libc = loadLibrary();
const socket = libc.func('int socket(int domain, int type, int protocol)');
const setsockopt = libc.func('int setsockopt(int fd, int level, int name, const void *value, uint32_t size)');
const bind = libc.func('int bind(int fd, const void *name, uint32_t size)');
const listen = libc.func('int listen(int fd, int backlog)');

export type SocketKeys = {
  SockPathName?: string;
  SockPathMode?: number;
  SockNodeName?: string;
  SockServiceName?: string | number;
};

/** The key under Sockets → its descriptors. A socket that cannot be bound is left out without an error. */
export function makeSockets(
  sockets: Readonly<Record<string, SocketKeys | SocketKeys[]>> = {},
  isRenamed = false,
): Map<string, number[]> {
  const made = Object.entries(sockets).map(([name, keys]): [string, number[]] => {
    return [
      name,
      [keys]
        .flat()
        .map((each) => makeSocket(each, isRenamed))
        .filter((fd) => fd !== undefined),
    ];
  });
  return new Map(made);
}

/** @param isRenamed whether to bind in another place first, as launchd 3298 does: the descriptor keeps that name. */
function makeSocket(keys: SocketKeys, isRenamed: boolean): number | undefined {
  const { SockPathName: path, SockPathMode: mode, SockNodeName: node = '0.0.0.0', SockServiceName: port = 0 } = keys;
  if (path === undefined) return listening(inetName(node, Number(port)));
  if (Buffer.byteLength(path) > MAX_PATH) return undefined;
  try {
    unlinkSync(path);
  } catch {
    // No file, or bind(2) fails as well.
  }
  const name = isRenamed ? join(dirname(path), `.secure-${randomBytes(3).toString('hex')}`) : path;
  return listening(unixName(name), () => {
    if (mode !== undefined) chmodSync(name, mode);
    if (isRenamed) renameSync(name, path);
  });
}

function listening(name: Buffer, onBound: () => void = () => undefined): number | undefined {
  const fd: number = socket(name.readUInt16LE(0), SOCK_STREAM | SOCK_CLOEXEC, 0);
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, Buffer.from([1, 0, 0, 0]), 4);
  const umask = process.umask(0o077);
  const isBound = bind(fd, name, name.length) === 0;
  process.umask(umask);
  if (isBound) {
    onBound();
    if (listen(fd, BACKLOG) === 0) return fd;
  }
  close(fd);
  return undefined;
}

function unixName(path: string): Buffer {
  return Buffer.concat([Buffer.from([AF_UNIX, 0]), Buffer.from(`${path}\0`)]);
}

/** Numeric addresses only; launchd also looks up names. */
function inetName(node: string, port: number): Buffer {
  const isIpv6 = node === '::1';
  const name = Buffer.alloc(isIpv6 ? 28 : 16);
  name.writeUInt16LE(isIpv6 ? AF_INET6 : AF_INET, 0);
  name.writeUInt16BE(port, 2);
  if (isIpv6) name.writeUInt8(1, 23);
  else name.set(node.split('.').map(Number), 4);
  return name;
}
