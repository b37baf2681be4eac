/** Where systemd looks for the units of a user, and what ours are called. */
import { join } from 'node:path';
import type { Environment } from './check-in.ts';

export type UnitNames = { service: string; socket: string; control: string };

/** FileDescriptorName= is one per unit, so two names take two socket units. */
export function unitNamesOf(label: string): UnitNames {
  return { service: `${label}.service`, socket: `${label}.socket`, control: `${label}-control.socket` };
}

/** systemd.unit(5): `$XDG_CONFIG_HOME/systemd/user`, or `~/.config/systemd/user`. */
export function unitFolderOf(home: string, env: Environment): string {
  // A relative path is to be ignored: https://specifications.freedesktop.org/basedir-spec/latest/
  const config = env.XDG_CONFIG_HOME?.startsWith('/') ? env.XDG_CONFIG_HOME : join(home, '.config');
  return join(config, 'systemd', 'user');
}
