/** Where an agent listens: the one rule that supervisors, clients and commands share. */
import { dirname, join } from 'node:path';
import { LaunchpoolError } from './errors.ts';
import { homeFolder } from './home-folder.ts';

/** The longest socket path that works everywhere: sun_path has 104 bytes on macOS (108 on Linux), one of them for NUL. */
export const MAX_SOCKET_PATH_BYTES = 103;

export type AddressHost = {
  /** @default process.platform */
  platform?: NodeJS.Platform;
  /** @default process.env */
  env?: Readonly<Record<string, string | undefined>>;
  /** @default the user's home folder */
  home?: string;
  /** @default process.getuid() */
  uid?: number;
};

/** The names under which a supervisor hands over the sockets. */
export const SOCKET_NAMES = {
  launchd: { agent: 'Listeners', control: 'Control' },
  systemd: { agent: 'agent', control: 'control' },
} as const;

/**
 * The path of an agent's socket.
 * @param target a path if it contains `/`, otherwise a label.
 * @throws ERR_LAUNCHPOOL_ADDRESS_INVALID
 */
export function socketPathOf(target: string, host: AddressHost = {}): string {
  if (target.includes('/')) return checkSocketPath(target);
  const label = checkLabel(target);
  const { platform = process.platform, env = process.env } = host;
  if (platform === 'darwin') {
    return checkSocketPath(join(host.home ?? homeFolder(), 'Library', 'Application Support', label, 'agent.sock'));
  }
  const runtimeDir = env.XDG_RUNTIME_DIR || `/run/user/${host.uid ?? process.getuid?.()}`;
  if (!runtimeDir.startsWith('/')) {
    throw new LaunchpoolError('ERR_LAUNCHPOOL_ADDRESS_INVALID', `XDG_RUNTIME_DIR is no absolute path: ${runtimeDir}`, {
      hint: 'Set it to /run/user/ and the number of the user, as a login session does, or give the path of a socket.',
    });
  }
  return checkSocketPath(join(runtimeDir, `${label}.sock`));
}

/**
 * The parent of all agents' folders.
 * https://developer.apple.com/library/archive/documentation/FileManagement/Conceptual/FileSystemProgrammingGuide/FileSystemOverview/FileSystemOverview.html,
 * https://specifications.freedesktop.org/basedir-spec/latest/
 */
export function agentsFolderOf({
  platform = process.platform,
  env = process.env,
  home = homeFolder(),
}: AddressHost = {}): string {
  if (platform === 'darwin') return join(home, 'Library', 'Application Support');
  const data = env.XDG_DATA_HOME?.startsWith('/') ? env.XDG_DATA_HOME : join(home, '.local', 'share');
  return join(data, 'launchpool');
}

/**
 * Whether a target is a service on NATS, such as `nats://host/name`, and neither a label nor a path. src/nats/target.ts reads
 * it.
 */
export function isServiceTarget(target: string): boolean {
  return /^(nats|tls):\/\//.test(target);
}

const CREDENTIALS = '(?:[^/?#,@]*@)?';
const HOST = '(?:[\\w.-]+|\\[[\\da-fA-F:.]+\\])(?::\\d{1,5})?';
const SERVICE_TARGET = new RegExp(`^\\w+://${CREDENTIALS}${HOST}(?:,${CREDENTIALS}${HOST})*(?:/[^@]*)?$`);

/** The target as it may be printed: without a password or a token. */
export function withoutCredentials(target: string): string {
  if (!isServiceTarget(target)) return target;
  if (SERVICE_TARGET.test(target)) return target.replaceAll(/[^/,]*@/g, '');
  // A password may have what should have been encoded, and the error about it must not show a part of it.
  return target.replace(/^(\w+:\/\/).*@/s, '$1');
}

export type SocketPaths = { agent: string; control: string };

/**
 * The paths of both sockets of a target; see {@link socketPathOf}.
 * @throws ERR_LAUNCHPOOL_ADDRESS_INVALID
 */
export function socketPathsOf(target: string, host: AddressHost = {}): SocketPaths {
  const agent = socketPathOf(target, host);
  const { platform = process.platform } = host;
  // On macOS each label has a folder of its own.
  const hasFolder = platform === 'darwin' && !target.includes('/');
  return { agent, control: hasFolder ? checkSocketPath(join(dirname(agent), 'control.sock')) : controlPathOf(agent) };
}

/** The path of the control socket beside an agent's socket: X.sock → X.control.sock. */
export function controlPathOf(socketPath: string): string {
  return checkSocketPath(`${socketPath.replace(/\.sock$/, '')}.control.sock`);
}

/** The path of the lock of a holder of this socket: see src/holder/holder-lock.ts. */
export function holderLockOf(socketPath: string): string {
  return `${socketPath}.lock`;
}

/** @throws ERR_LAUNCHPOOL_ADDRESS_INVALID when a path is longer than a socket address can be. */
export function checkSocketPath(path: string): string {
  const bytes = Buffer.byteLength(path);
  if (bytes === 0 || path.includes('\0')) {
    throw new LaunchpoolError('ERR_LAUNCHPOOL_ADDRESS_INVALID', `not a socket path: ${JSON.stringify(path)}`, {
      hint: 'Give the path of a file, such as /tmp/rot13/agent.sock.',
    });
  }
  if (bytes <= MAX_SOCKET_PATH_BYTES) return path;
  throw new LaunchpoolError(
    'ERR_LAUNCHPOOL_ADDRESS_INVALID',
    `the socket path has ${bytes} bytes; the maximum is ${MAX_SOCKET_PATH_BYTES}: ${path}`,
    { hint: `Choose a label or a folder that is ${bytes - MAX_SOCKET_PATH_BYTES} bytes shorter.` },
  );
}

/** @throws ERR_LAUNCHPOOL_ADDRESS_INVALID when a label cannot be a file name and the name of a job. */
export function checkLabel(label: string): string {
  if (/[.-]control$/.test(label)) {
    // X.control.sock is the path of the control socket of X, and X-control.socket its unit.
    throw new LaunchpoolError('ERR_LAUNCHPOOL_ADDRESS_INVALID', `not a label: ${JSON.stringify(label)}`, {
      hint: 'A name that ends with .control or -control belongs to the agent whose label is the rest.',
    });
  }
  if (/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(label) && !label.includes('..')) return label;
  throw new LaunchpoolError('ERR_LAUNCHPOOL_ADDRESS_INVALID', `not a label: ${JSON.stringify(label)}`, {
    hint: 'A label has letters, digits, dots, dashes and underscores, such as com.example.rot13; a path has a slash.',
  });
}
