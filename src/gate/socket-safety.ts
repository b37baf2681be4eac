/** Whether a socket can be reached by others than those who may speak. */
import { realpathSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { SocketAddress } from '../../libc/socket.ts';
import { LaunchpoolError } from '../../wire/errors.ts';

const ROOT = 0;
/** Of the mode of a file: what concerns others than its owner. */
const OTHERS = 0o077;
/** Who may not search a folder reaches nothing in it, whatever its own mode is. */
const OTHERS_SEARCH = 0o011;

export type SafetyOptions = {
  /** Users beside the own one and root are named, so the socket has to be open to them. */
  hasOtherUsers: boolean;
  /** Who speaks has to know a key. */
  hasKey: boolean;
  ownUid: number | undefined;
};

/**
 * Every connection's user is asked for as well (peers.ts); but who cannot connect can neither fill the queue nor learn
 * that there is an agent.
 * @returns what is wrong with it, or undefined.
 */
export function unsafeSocket(address: SocketAddress, options: SafetyOptions): LaunchpoolError | undefined {
  return address.family === 'tcp' ? unsafeHost(address.host, options) : unsafePath(address.path, options);
}

function unsafeHost(host: string, { hasKey }: SafetyOptions): LaunchpoolError | undefined {
  if (host !== '::1' && !/^127\./.test(host)) {
    return unsafe(`the socket listens at ${host}`, 'Agents listen on the loopback interface only: 127.0.0.1 or [::1].');
  }
  if (hasKey) return undefined;
  return unsafe(
    `every user of this machine can connect to ${host}`,
    'Over TCP an agent needs a key: --authkey-file FILE; and its control socket must be a UNIX socket.',
  );
}

function unsafePath(path: string, { hasOtherUsers, ownUid }: SafetyOptions): LaunchpoolError | undefined {
  if (path === '') {
    if (hasOtherUsers) return undefined;
    return unsafe('the socket has no path, so every user can connect to it', 'Give it a path in a folder of your own.');
  }
  const socket = statOf(path);
  // The embedded holder binds under another name than that of which the socket is reached, and with mode 0600.
  if (socket === undefined) return undefined;
  if (socket.uid !== ROOT && socket.uid !== ownUid) {
    return unsafe(`${path} belongs to user ${socket.uid}`, 'It must belong to the user of the agent, or to root.');
  }
  if (hasOtherUsers || (socket.mode & OTHERS) === 0 || isEnclosed(path, ownUid)) return undefined;
  return unsafe(
    `other users can connect to ${path}, of mode ${(socket.mode & 0o777).toString(8).padStart(4, '0')}`,
    `Set SocketMode=0600 (systemd) or SockPathMode to 384 (launchd), or: chmod 700 ${dirname(path)}`,
  );
}

/** Whether a folder on the way to it is the user's own, and nobody else's to go through. */
function isEnclosed(path: string, ownUid: number | undefined): boolean {
  for (let folder = realpathSync(dirname(path)); ; folder = dirname(folder)) {
    const { mode, uid } = statSync(folder);
    if ((mode & OTHERS_SEARCH) === 0 && (uid === ROOT || uid === ownUid)) return true;
    if (folder === dirname(folder)) return false;
  }
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    // Where there is nothing any more, nobody gets in.
    return undefined;
  }
}

function unsafe(message: string, hint: string): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_SOCKET_UNSAFE', message, { hint });
}
