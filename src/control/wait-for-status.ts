/** Waits for what a supervisor says of a job: only it is asked, since a question to the agent might start one. */
import { setTimeout as wait } from 'node:timers/promises';
import type { JobStatus, Supervisor } from '../../job/supervisor.ts';

/** Between two looks, at first; later so much of the time that it has taken already: each look starts a program. */
const POLL_MS = 50;
const POLL_SHARE = 0.1;

/** @returns whether it has become so in that time. */
export async function statusBecomes(
  supervisor: Pick<Supervisor, 'status'>,
  label: string,
  isSo: (status: JobStatus) => boolean,
  timeoutMs: number,
): Promise<boolean> {
  const startedAt = performance.now();
  for (;;) {
    if (isSo(await supervisor.status(label))) return true;
    const tookMs = performance.now() - startedAt;
    if (tookMs >= timeoutMs) return false;
    await wait(Math.min(Math.max(POLL_MS, tookMs * POLL_SHARE), timeoutMs - tookMs));
  }
}
