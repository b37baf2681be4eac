/** The folder of a user's units, and the unit names of a label. */
import { join } from 'node:path';
import type { Environment } from './check-in.ts';

export type UnitNames = { service: string; socket: string; control: string };

/** A socket unit has one FileDescriptorName=, so the two sockets need two units. */
export function unitNamesOf(label: string): UnitNames {
  return { service: `${label}.service`, socket: `${label}.socket`, control: `${label}-control.socket` };
}

/** The folder of links beside the units: `systemctl enable` makes it, and `disable` removes it with its last link. */
export const WANTS = 'sockets.target.wants';
/** As {@link WANTS}, for services that run from the start of the session on. */
export const SERVICE_WANTS = 'default.target.wants';

/** systemd.unit(5): `$XDG_CONFIG_HOME/systemd/user`, or `~/.config/systemd/user`. */
export function unitFolderOf(home: string, env: Environment): string {
  // The specification has relative paths ignored: https://specifications.freedesktop.org/basedir-spec/latest/
  const config = env.XDG_CONFIG_HOME?.startsWith('/') ? env.XDG_CONFIG_HOME : join(home, '.config');
  return join(config, 'systemd', 'user');
}

/** What the XDG base directory specification has these variables be without a value, for the folders of user units. */
const DATA_DIRS = '/usr/local/share:/usr/share';
const CONFIG_DIRS = '/etc/xdg';

/**
 * The other folders from which a user manager reads units: systemd.unit(5), "User Unit Search Path". They belong to the
 * distribution, the administrator, other programs, and to units of this session.
 */
export function otherUnitFoldersOf(home: string, env: Environment, uid: number): string[] {
  const listed = (value: string | undefined, defaults: string): string[] =>
    (value || defaults).split(':').filter((folder) => folder.startsWith('/'));
  const data = env.XDG_DATA_HOME?.startsWith('/') ? env.XDG_DATA_HOME : join(home, '.local', 'share');
  const runtime = join(env.XDG_RUNTIME_DIR || `/run/user/${uid}`, 'systemd');
  const inSession = ['user.control', 'transient', 'generator.early', 'user', 'generator', 'generator.late'];
  return [
    `${unitFolderOf(home, env)}.control`,
    ...inSession.map((name) => join(runtime, name)),
    ...[...listed(env.XDG_CONFIG_DIRS, CONFIG_DIRS), '/etc', '/run', data, ...listed(env.XDG_DATA_DIRS, DATA_DIRS)]
      .concat('/usr/local/share', '/usr/share', '/usr/local/lib', '/usr/lib', '/lib')
      .map((folder) => join(folder, 'systemd', 'user')),
  ];
}
