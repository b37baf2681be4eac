/** Replaces the running process of an installed agent by one of the current version. */
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { Job } from '../../job/job.ts';
import type { Supervisor } from '../../job/supervisor.ts';
import type { Layout } from '../installed/layout.ts';
import { verify } from './verify.ts';

type Replaced = { supervisor: Pick<Supervisor, 'dismiss'>; layout: Pick<Layout, 'sockets' | 'versions'> };

/**
 * The process before finishes its open requests; new connections wait for the next process.
 * @param hash the name of the current version's folder.
 * @returns the ids of the process before, if there was one, and of the new process, which has answered.
 * @throws ERR_LAUNCHPOOL_NOT_READY, ERR_LAUNCHPOOL_SUPERVISOR_FAILED, or the error with which the module fails to load
 */
export async function replaceProcess(
  { supervisor, layout }: Replaced,
  job: Job,
  hash: string,
): Promise<{ before: number | undefined; pid: number }> {
  const dismiss = (): Promise<number | undefined> => supervisor.dismiss(job.label);
  const before = await dismiss();
  const pid = await verify({
    sockets: layout.sockets,
    tcp: job.tcp,
    folder: join(realpathSync(layout.versions), hash),
    // The process before has the time to exit, and the next one to start.
    timeoutMs: (job.stopSeconds + job.startSeconds) * 1000,
    before,
    dismiss,
  });
  return { before, pid };
}
