/** Waits for what a supervisor says of a job: only it is asked, since a question to the agent might start one. */
import { setTimeout as wait } from 'node:timers/promises';
import type { JobStatus, Supervisor } from '../../job/supervisor.ts';

const POLL_MS = 50;

/** @returns whether it has become so in that time. */
export async function statusBecomes(
  supervisor: Pick<Supervisor, 'status'>,
  label: string,
  isSo: (status: JobStatus) => boolean,
  longestMs: number,
): Promise<boolean> {
  for (const deadline = Date.now() + longestMs; ; await wait(POLL_MS)) {
    if (isSo(await supervisor.status(label))) return true;
    if (Date.now() >= deadline) return false;
  }
}
