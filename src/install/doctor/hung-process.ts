/** Ends the process of an agent that does not answer any more. */
import type { JobStatus } from '../../../job/supervisor.ts';
import { LaunchpoolError } from '../../../wire/errors.ts';
import { statusBecomes } from '../../control/wait-for-status.ts';
import type { Patient } from './finding.ts';

/** What the kernel and the supervisor may take for it. */
const KILLED_MS = 10_000;

/**
 * Asks it to leave, and kills it when it has had the time that it was installed with: one that hangs does not hear what
 * it is asked. Who waits at the socket has the next one started.
 * @throws ERR_LAUNCHPOOL_SUPERVISOR_FAILED
 */
export async function endHungProcess({ label, supervisor, job }: Patient): Promise<void> {
  const pid = await supervisor.dismiss(label);
  if (pid === undefined) return;
  const becomes = (isSo: (status: JobStatus) => boolean, timeoutMs: number): Promise<boolean> =>
    statusBecomes(supervisor, label, isSo, timeoutMs);
  const isGone = (status: JobStatus): boolean => status.pid !== pid;
  if (await becomes(isGone, job.stopSeconds * 1000)) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has gone in the meantime.
  }
  if (!(await becomes(isGone, KILLED_MS))) {
    throw new LaunchpoolError('ERR_LAUNCHPOOL_SUPERVISOR_FAILED', `process ${pid} is still there after SIGKILL`);
  }
  // A supervisor that takes it for a crash starts the next one after a while.
  await becomes(({ state }) => state !== 'throttled', KILLED_MS);
}
