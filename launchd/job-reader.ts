/** Reads the status of jobs from launchd, which has no question about several jobs that says as much about each. */
import { lstatSync } from 'node:fs';
import type { RunCommand } from '../job/run-command.ts';
import type { JobReader, JobStatus } from '../job/supervisor.ts';
import { createLaunchctl, isStopping, type Printed } from './launchctl.ts';
import { domainsOf, plistPathOf } from './paths.ts';

export type LaunchdReaderOptions = { run: RunCommand; home: string; uid: number };

export function createLaunchdReader({ run, home, uid }: LaunchdReaderOptions): JobReader {
  const launchctl = createLaunchctl(run);
  const domains = domainsOf(uid);

  async function find(label: string): Promise<Printed | undefined> {
    for (const candidate of domains) {
      const printed = await launchctl.print(candidate, label);
      if (printed !== undefined) return printed;
    }
    return undefined;
  }

  return {
    name: 'launchd',
    async status(label) {
      const path = plistPathOf(home, label);
      const printed = await find(label);
      if (printed !== undefined) return statusOf(printed, path);
      if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return { state: 'not-installed', listening: false };
      const isDisabled = await Promise.all(domains.map((candidate) => launchctl.isDisabled(candidate, label)));
      if (isDisabled.includes(true)) {
        return { state: 'disabled', listening: false, detail: 'switched off: System Settings > General > Login Items' };
      }
      const detail =
        'not loaded: switched off in System Settings > General > Login Items, or not loaded since a restart without a login at the screen';
      return { state: 'blocked', listening: false, detail };
    },
  };
}

function statusOf({ state, pid, lastExit, path }: Printed, expectedPath: string): JobStatus {
  const status: JobStatus = { state: 'unknown', listening: true };
  if (pid !== undefined) status.pid = pid;
  if (lastExit !== undefined) status.lastExit = lastExit;
  if (path !== undefined && path !== expectedPath) {
    return { ...status, state: 'failed', listening: false, heldBy: path, detail: labelTakenBy(path) };
  }
  if (isStopping({ state })) return { ...status, state: 'stopping', listening: false };
  switch (state) {
    case 'running':
      return { ...status, state: 'running' };
    case 'spawning':
    // xpcproxy is launchd's program that executes the job's.
    case 'xpcproxy':
      return { ...status, state: 'starting' };
    case 'spawn scheduled':
      return {
        ...status,
        state: 'throttled',
        detail: 'the last process ended too soon; launchd starts the next one later',
      };
    case 'not running':
    case 'exited':
      // SIGTERM ends a process that has not installed its handler yet.
      if (lastExit === undefined || lastExit === 0 || lastExit === 'signal 15') return { ...status, state: 'idle' };
      return {
        ...status,
        state: 'failed',
        detail: `the last process ended with ${lastExit}; the next connection starts one`,
      };
    default:
      return { ...status, detail: `unknown state of launchd: "${state}"` };
  }
}

export const labelTakenBy = (path: string): string => `another job has this label: ${path}`;
