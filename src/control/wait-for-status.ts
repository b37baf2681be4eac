/** Waits for a status of a job. Asks the supervisor only: a request to the agent might start a process. */
import { setTimeout as wait } from 'node:timers/promises';
import type { JobStatus, Supervisor } from '../../job/supervisor.ts';

/** The first interval between two checks, in milliseconds. Each check starts a program. */
const MIN_POLL_MS = 50;
/** Later intervals, as a part of the time that has passed. */
const POLL_SHARE = 0.1;

/** @returns whether the status satisfied the predicate within the timeout. */
export async function waitForStatus(
  supervisor: Pick<Supervisor, 'status'>,
  label: string,
  predicate: (status: JobStatus) => boolean,
  timeoutMs: number,
): Promise<boolean> {
  const startedAt = performance.now();
  for (;;) {
    if (predicate(await supervisor.status(label))) return true;
    const elapsedMs = performance.now() - startedAt;
    if (elapsedMs >= timeoutMs) return false;
    await wait(Math.min(Math.max(MIN_POLL_MS, elapsedMs * POLL_SHARE), timeoutMs - elapsedMs));
  }
}
