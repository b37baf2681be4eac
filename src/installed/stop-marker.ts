/** Whether an agent is stopped on purpose. Its marker tells that apart from an agent that something else has switched off. */
import { existsSync } from 'node:fs';
import type { JobStatus } from '../../job/supervisor.ts';
import type { Layout } from './layout.ts';

export function isStopped({ stopped }: Pick<Layout, 'stopped'>): boolean {
  return existsSync(stopped);
}

/** The note of an installation over a stopped agent. */
export function stoppedNote(label: string): string {
  return `${label} is stopped, and stays so: launchpool start ${label}`;
}

/**
 * The status of an installed agent's job. That of the supervisor stands when it holds the sockets all the same, when another
 * program has the label, and when the supervisor gives no answer.
 */
export function withStop(job: JobStatus, label: string, layout: Pick<Layout, 'stopped'>): JobStatus {
  if (job.listening || job.heldBy !== undefined || job.state === 'unknown' || !isStopped(layout)) return job;
  if (job.pid !== undefined) return { ...job, state: 'stopping' };
  return { ...job, state: 'stopped', detail: `until launchpool start ${label}` };
}
