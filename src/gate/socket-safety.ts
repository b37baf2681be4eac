/** Socket safety: whether users that may not connect can reach a socket. */
import { realpathSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { SocketAddress } from '../../libc/socket.ts';
import { LaunchpoolError } from '../../wire/errors.ts';
import { shellWord } from '../../wire/shell-word.ts';

const ROOT = 0;
/** The bits of a file mode for group and others. */
const OTHERS = 0o077;
/** Without search permission on a folder, a user reaches no file in it. */
const OTHERS_SEARCH = 0o011;

export type SafetyOptions = {
  /** Whether --allow-uid names other users, for whom the socket must be open. */
  hasOtherUsers: boolean;
  /** Whether clients need the authkey. */
  hasKey: boolean;
  ownUid: number | undefined;
  /**
   * Set for a supervisor that binds a socket elsewhere and renames it, as launchd does from macOS 27 on ("renameat() passive
   * socket from secure path to known path" in its binary): the name of the descriptor may lead nowhere. `jobPath` is the path
   * in the job, if it is known.
   */
  renamed?: { jobPath: string | undefined } | undefined;
};

/** The socket has no known path, so its owner and its mode are not known either. */
export const UNCHECKED = 'unchecked';

/**
 * The peer check also verifies the user of each connection (allowed-users.ts). But a user that cannot connect can neither
 * fill the queue nor see that an agent exists.
 * @returns the error for an unsafe socket, or undefined for a safe one.
 */
export function unsafeSocket(
  address: SocketAddress,
  options: SafetyOptions,
): LaunchpoolError | typeof UNCHECKED | undefined {
  return address.family === 'tcp' ? unsafeHost(address.host, options) : unsafePath(address.path, options);
}

function unsafeHost(host: string, { hasKey }: SafetyOptions): LaunchpoolError | undefined {
  if (host !== '::1' && !/^127\./.test(host)) {
    return unsafe(`the socket listens on ${host}`, 'Listen on the loopback interface: 127.0.0.1 or [::1].');
  }
  if (hasKey) return undefined;
  return unsafe(
    `every user of this machine can connect to ${host}`,
    'Set a key with --authkey-file FILE, and use a UNIX socket for the control socket.',
  );
}

function unsafePath(name: string, options: SafetyOptions): LaunchpoolError | typeof UNCHECKED | undefined {
  const { hasOtherUsers, renamed } = options;
  if (name === '' && renamed === undefined) {
    if (hasOtherUsers) return undefined;
    return unsafe('the socket has no path, so every user can connect to it', 'Use a path in a folder of your own.');
  }
  // The name before may be that of another socket by now, so both count.
  const found = [name, renamed?.jobPath ?? ''].filter((each) => each !== '' && statOf(each)?.isSocket());
  if (found.length === 0) {
    // The embedded holder renames too; its socket has mode 0600. Elsewhere, a missing socket accepts no connection.
    if (renamed === undefined) return undefined;
    // The peer check refuses other users, unless they may connect: then the owner of the socket counts.
    return hasOtherUsers ? unsafe('the path of the socket is not known', UNKNOWN_PATH_HINT) : UNCHECKED;
  }
  return found.map((path) => unsafeFile(path, options)).find((error) => error !== undefined);
}

function unsafeFile(path: string, { hasOtherUsers, ownUid }: SafetyOptions): LaunchpoolError | undefined {
  const socket = statOf(path);
  if (socket === undefined) return undefined;
  if (socket.uid !== ROOT && socket.uid !== ownUid) {
    return unsafe(`${path} belongs to user ${socket.uid}`, 'Make the user of the agent, or root, its owner.');
  }
  if (hasOtherUsers || (socket.mode & OTHERS) === 0 || isEnclosed(path, ownUid)) return undefined;
  return unsafe(
    `other users can connect to ${path}, which has mode ${(socket.mode & 0o777).toString(8).padStart(4, '0')}`,
    `Set SocketMode=0600 (systemd) or SockPathMode to 384 (launchd), or run: chmod 700 ${shellWord(dirname(path))}`,
  );
}

/** What to do about a socket of launchd whose path is not known. */
export const UNKNOWN_PATH_HINT =
  "Install the agent with `launchpool install`, or give the plist's ProgramArguments --label and its socket the path of that label.";

/** Whether a folder above the socket belongs to the user or root, and excludes all other users. */
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
    return undefined;
  }
}

function unsafe(message: string, hint: string): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_SOCKET_UNSAFE', message, { hint });
}
