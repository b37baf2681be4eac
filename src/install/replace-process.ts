/** Replaces the running process of an installed agent by one of the current version. */
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { Job } from '../../job/job.ts';
import type { Place } from '../installed/place.ts';
import { verify } from './verify.ts';

/** How long an agent may take to start, in milliseconds. The process before has its own time to exit: job.stopSeconds. */
export const START_MS = 30_000;

/**
 * The process before finishes its open requests; new connections wait for the next process.
 * @param hash the name of the current version's folder.
 * @returns the ids of the process before, if there was one, and of the new process, which has answered.
 * @throws ERR_LAUNCHPOOL_NOT_READY, ERR_LAUNCHPOOL_SUPERVISOR_FAILED, or the error with which the module fails to load
 */
export async function replaceProcess(
  { supervisor, layout }: Pick<Place, 'supervisor' | 'layout'>,
  job: Job,
  hash: string,
): Promise<{ before: number | undefined; pid: number }> {
  const dismiss = (): Promise<number | undefined> => supervisor.dismiss(job.label);
  const before = await dismiss();
  const pid = await verify({
    sockets: layout.sockets,
    tcp: job.tcp,
    folder: join(realpathSync(layout.versions), hash),
    timeoutMs: job.stopSeconds * 1000 + START_MS,
    before,
    dismiss,
  });
  return { before, pid };
}
