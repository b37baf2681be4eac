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

/** systemd.unit(5): `$XDG_CONFIG_HOME/systemd/user`, or `~/.config/systemd/user`. */
export function unitFolderOf(home: string, env: Environment): string {
  // The specification has relative paths ignored: https://specifications.freedesktop.org/basedir-spec/latest/
  const config = env.XDG_CONFIG_HOME?.startsWith('/') ? env.XDG_CONFIG_HOME : join(home, '.config');
  return join(config, 'systemd', 'user');
}
