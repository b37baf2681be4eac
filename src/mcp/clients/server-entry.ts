/** How a client starts the bridge. */
import { join } from 'node:path';
import { LaunchpoolError } from '../../../wire/errors.ts';
import type { Host } from '../../installed/host.ts';
import { mustBeInstalled } from '../../installed/record.ts';
import { packageVersion } from '../../version.ts';

export type ServerEntry = {
  name: string;
  command: string;
  args: readonly string[];
  /** What the bridge needs to find the agents, and a client may not pass on. Undefined if there is nothing. */
  env?: Readonly<Record<string, string>> | undefined;
};

/** What clients allow in the name of a server. */
const NAME = /^[A-Za-z0-9_-]{1,64}$/;
const SEVERAL = 'launchpool';

export type EntryOptions = {
  labels: readonly string[];
  name: string | undefined;
  /** The program of this process, with an absolute path. */
  program: string;
  /** Options of the bridge. */
  flags: readonly string[];
  host: Host;
};

/**
 * Clients with windows do not have the PATH of a shell, so the paths are absolute: those of the Node that stays, which the
 * agent has too, and of this program.
 * @throws ERR_LAUNCHPOOL_NOT_INSTALLED, ERR_LAUNCHPOOL_ADDRESS_INVALID, ERR_LAUNCHPOOL_OPTION_INVALID
 */
export function serverEntry({ labels, name: given, program, flags, host }: EntryOptions): ServerEntry {
  const [first] = labels.map((label) => ({ label, record: mustBeInstalled(label, host) }));
  if (first === undefined) throw new RangeError('no label');
  const name = given ?? defaultName(labels);
  if (!NAME.test(name))
    throw new LaunchpoolError('ERR_LAUNCHPOOL_OPTION_INVALID', `--name ${JSON.stringify(name)} is not usable`, {
      hint: 'A name has up to 64 letters, digits, dashes and underscores.',
    });
  const rest = ['mcp', ...flags, ...labels];
  const env = environmentFor(host);
  // npx removes what it has downloaded: the client has to start it again.
  if (program.includes('/_npx/')) {
    return { name, command: 'npx', args: ['--yes', `launchpool@${packageVersion()}`, ...rest], env };
  }
  return { name, command: first.record.node.path, args: [program, ...rest], env };
}

function defaultName(labels: readonly string[]): string {
  const [label = '', ...others] = labels;
  return others.length > 0 ? SEVERAL : (label.split('.').at(-1) || label).replaceAll(/[^A-Za-z0-9_-]/g, '_');
}

/** Clients start servers with few variables. */
function environmentFor({ platform, env, uid, home }: Host): Record<string, string> | undefined {
  if (platform === 'darwin') return undefined;
  const usual: Readonly<Record<string, string>> = {
    XDG_RUNTIME_DIR: `/run/user/${uid}`,
    XDG_DATA_HOME: join(home, '.local', 'share'),
  };
  const own = Object.keys(usual).flatMap((name) => {
    const value = env[name];
    return value === undefined || value === '' || value === usual[name] ? [] : [[name, value]];
  });
  return own.length === 0 ? undefined : Object.fromEntries(own);
}
