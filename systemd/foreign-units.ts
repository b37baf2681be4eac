/** Units of other programs that have a name of an agent's units. They are never stopped, disabled or replaced. */
import { statSync } from 'node:fs';
import type { UnitStatus } from './systemctl.ts';

/**
 * Whether systemd has read the unit from another file than the agent's. This includes a unit that has the name as an
 * alias, a transient unit, and a unit that is masked in another folder.
 * @param ownPath the file of the agent's unit, which may not exist.
 */
export function isForeign({ LoadState, FragmentPath }: UnitStatus, ownPath: string): boolean {
  if (LoadState === 'not-found' || FragmentPath === '' || FragmentPath === ownPath) return false;
  // The home folder has two paths if one of them leads through a link; a unit may be a link to its file.
  const [own, read] = [ownPath, FragmentPath].map((path) => statSync(path, { throwIfNoEntry: false }));
  return own === undefined || own.ino !== read?.ino || own.dev !== read.dev;
}
