/** Ownership: whether launchpool installed the job of a label. Other programs have jobs of such labels too. */
import { lstatSync } from 'node:fs';
import { LaunchpoolError } from '../../wire/errors.ts';
import type { Place } from './place.ts';
import { linkTargetOf, readText } from './read-optional.ts';
import { hasRecord } from './record.ts';
import { PROGRAM } from './runtime-files.ts';

/** Also true for an agent with a damaged or missing record if another file shows that launchpool installed it. */
export function isOwned({ layout, supervisor }: Place, label: string): boolean {
  return (
    hasRecord(layout) ||
    /\/versions\/[0-9a-f]+$/.test(linkTargetOf(layout.current) ?? '') ||
    supervisor.pathsOf(label).some((path) => readText(path)?.includes(`/${label}/current/${PROGRAM}`))
  );
}

/**
 * Checks that the supervisor's files of this label do not belong to another program.
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

/** @param path the supervisor's file of the other job. */
export function taken(path: string): LaunchpoolError {
  return new LaunchpoolError(
    'ERR_LAUNCHPOOL_INSTALL_FAILED',
    `${path} belongs to a job that launchpool did not install`,
    { hint: 'Remove the job with the program that installed it, or choose another label.' },
  );
}
