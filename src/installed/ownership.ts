/** Whether what is there under a label is an agent of ours: others have jobs, and folders, of such names as well. */
import { lstatSync, readFileSync } from 'node:fs';
import { LaunchpoolError } from '../../wire/errors.ts';
import { linkOf } from '../install/files.ts';
import type { Place } from '../install/plan.ts';
import { PROGRAM } from './runtime-files.ts';

/** Also of an agent whose record is damaged or gone, as long as something else says that it was made here. */
export function isOwned({ layout, supervisor }: Place, label: string): boolean {
  return (
    lstatSync(layout.record, { throwIfNoEntry: false }) !== undefined ||
    /\/versions\/[0-9a-f]+$/.test(linkOf(layout.current) ?? '') ||
    supervisor.pathsOf(label).some((path) => textAt(path).includes(`/${label}/current/${PROGRAM}`))
  );
}

/**
 * Makes sure that nothing of somebody else's is at the place of what tells the supervisor of an agent.
 * @throws ERR_LAUNCHPOOL_INSTALL_FAILED
 */
export function mustNotBeTaken(place: Place, label: string): void {
  if (isOwned(place, label)) return;
  const path = place.supervisor.pathsOf(label).find((candidate) => {
    const stats = lstatSync(candidate, { throwIfNoEntry: false });
    return stats?.isFile() || stats?.isSymbolicLink();
  });
  if (path !== undefined) throw taken(path);
}

/** @param path of what tells the supervisor of the other job. */
export function taken(path: string): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_INSTALL_FAILED', `${path} is of a job that launchpool has not made`, {
    hint: 'Remove it with what has made it, or choose another label.',
  });
}

function textAt(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Not there, or nothing that names a program.
    return '';
  }
}
