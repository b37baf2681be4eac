/** Ends the process of an agent that does not answer. */
import type { JobStatus } from '../../../job/supervisor.ts';
import { LaunchpoolError } from '../../../wire/errors.ts';
import { waitForStatus } from '../../control/wait-for-status.ts';
import type { Installation } from './finding.ts';

/** How long the system and the supervisor may take after SIGKILL. */
const KILLED_MS = 10_000;

/**
 * Asks the process to exit, and kills it after the job's stop timeout: a process that hangs does not handle signals. The
 * supervisor starts the next process for the clients that wait.
 * @throws ERR_LAUNCHPOOL_SUPERVISOR_FAILED
 */
export async function endHungProcess({ label, supervisor, job }: Installation): Promise<void> {
  const pid = await supervisor.dismiss(label);
  if (pid === undefined) return;
  const waitFor = (predicate: (status: JobStatus) => boolean, timeoutMs: number): Promise<boolean> =>
    waitForStatus(supervisor, label, predicate, timeoutMs);
  const hasExited = (status: JobStatus): boolean => status.pid !== pid;
  if (await waitFor(hasExited, job.stopSeconds * 1000)) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // The process has exited.
  }
  if (!(await waitFor(hasExited, KILLED_MS))) {
    throw new LaunchpoolError(
      'ERR_LAUNCHPOOL_SUPERVISOR_FAILED',
      `process ${pid} still exists ${KILLED_MS / 1000} s after SIGKILL`,
    );
  }
  // A supervisor that treats this as a crash delays the next start.
  await waitFor(({ state }) => state !== 'throttled', KILLED_MS);
}
