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
  const path = place.supervisor.pathsOf(label).find(isPresent);
  if (path !== undefined) throw taken(path);
}

/**
 * Checks that no other program has a job of this label, also not in the folders of the distribution and the administrator:
 * a new job would take its place. The supervisor knows jobs that have no such file: JobStatus.heldBy.
 * @throws ERR_LAUNCHPOOL_INSTALL_FAILED
 */
export function mustBeFree(place: Place, label: string): void {
  mustNotBeTaken(place, label);
  if (isOwned(place, label)) return;
  const path = place.supervisor.foreignPathsOf?.(label).find(isPresent);
  if (path !== undefined) throw taken(path);
}

function isPresent(path: string): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats !== undefined && (stats.isFile() || stats.isSymbolicLink());
}

/** @param path the supervisor's file of the other job. */
export function taken(path: string): LaunchpoolError {
  return new LaunchpoolError(
    'ERR_LAUNCHPOOL_INSTALL_FAILED',
    `${path} belongs to a job that launchpool did not install`,
    { hint: 'Remove the job with the program that installed it, or choose another label.' },
  );
}
