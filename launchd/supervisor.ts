/** launchd as a supervisor: the entry point of this folder, beside the check-in. */
import { lstatSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type Job, modeOf } from '../job/job.ts';
import type { RunCommand } from '../job/run-command.ts';
import type { JobStatus, Supervisor } from '../job/supervisor.ts';
import { LaunchpoolError } from '../wire/errors.ts';
import { BOOTOUT, BOOTSTRAP, createLaunchctl, ENABLE, isStopping, type Printed } from './launchctl.ts';
import { domainsOf, OTHER_FOLDERS, plistPathOf } from './paths.ts';
import { encodePlist, plistOf } from './plist.ts';

/** Time for launchd itself, beyond a job's stop timeout. */
const SLACK_MS = 10_000;
/** Used when the stop timeout of the loaded job is unknown, since another version may have installed it. */
const STOP_TIMEOUT_MS = 60_000;
/** launchctl bootstrap returns before the sockets exist. */
const SOCKET_MS = 5_000;
const POLL_MS = 20;

export type LaunchdOptions = {
  run: RunCommand;
  home: string;
  uid: number;
  /** The socket paths of a label. */
  socketsOf: (label: string) => readonly string[];
};

export function createLaunchd({ run, home, uid, socketsOf }: LaunchdOptions): Supervisor {
  const launchctl = createLaunchctl(run);
  const domains = domainsOf(uid);
  const pathOf = (label: string): string => plistPathOf(home, label);

  /** The domain for a new job: the login window's, or the user's when no user is logged in there. */
  async function domain(): Promise<string> {
    for (const candidate of domains) if (await launchctl.hasDomain(candidate)) return candidate;
    throw new LaunchpoolError('ERR_LAUNCHPOOL_SUPERVISOR_UNREACHABLE', `launchd has no domain for user ${uid}`, {
      hint: 'Log in at the screen or by ssh. Neither root nor cron has a domain.',
    });
  }

  async function find(label: string): Promise<{ domain: string; printed: Printed } | undefined> {
    for (const candidate of domains) {
      const printed = await launchctl.print(candidate, label);
      if (printed !== undefined) return { domain: candidate, printed };
    }
    return undefined;
  }

  /** @throws ERR_LAUNCHPOOL_SUPERVISOR_FAILED when the label belongs to a job with another plist */
  async function findOwn(label: string): ReturnType<typeof find> {
    const job = await find(label);
    const { path = pathOf(label) } = job?.printed ?? {};
    if (path === pathOf(label)) return job;
    throw new LaunchpoolError('ERR_LAUNCHPOOL_SUPERVISOR_FAILED', labelTakenBy(path), {
      hint: `Choose another label, or remove the other job with: launchctl bootout ${job?.domain}/${label}`,
    });
  }

  async function unload(label: string, timeoutMs = STOP_TIMEOUT_MS): Promise<void> {
    const job = await findOwn(label);
    if (job !== undefined) await launchctl.bootout(job.domain, label, timeoutMs + SLACK_MS);
    // launchd leaves the socket files, and sometimes cannot replace them:
    // https://github.com/DeterminateSystems/nix-installer/issues/1517
    for (const path of socketsOf(label)) if (isSocket(path)) unlinkSync(path);
  }

  return {
    name: 'launchd',
    async check() {
      await domain();
    },
    filesOf: (job) => [{ path: pathOf(job.label), text: encodePlist(plistOf(job)), mode: modeOf(job) }],
    pathsOf: (label) => [pathOf(label)],
    foreignPathsOf: (label) => OTHER_FOLDERS.map((folder) => join(folder, `${label}.plist`)),
    loading({ label }, changed) {
      const [gui] = domains;
      if (changed.length === 0) return [];
      return [BOOTOUT(gui, label), ENABLE(gui, label), BOOTSTRAP(gui, pathOf(label))];
    },
    async load(job, changed) {
      const { label } = job;
      const loaded = await findOwn(label);
      // A job that another process is removing must be loaded again.
      if (loaded !== undefined && changed.length === 0 && !isStopping(loaded.printed)) return;
      // launchd reads a plist again only after the job is removed.
      if (loaded !== undefined) await unload(label, job.stopSeconds * 1000);
      const into = loaded?.domain ?? (await domain());
      await launchctl.enable(into, label);
      await launchctl.bootstrap(into, label, pathOf(label), SLACK_MS);
      await waitForSockets(job);
    },
    unload: (label) => unload(label),
    async forget() {
      // launchd keeps nothing else of a label that is enabled.
    },
    async dismiss(label) {
      const job = await findOwn(label);
      if (job?.printed.pid === undefined) return undefined;
      await launchctl.kill(job.domain, label, 'SIGTERM');
      return job.printed.pid;
    },
    async status(label) {
      const job = await find(label);
      if (job !== undefined) return statusOf(job.printed, pathOf(label));
      if (!exists(pathOf(label))) return { state: 'not-installed', listening: false };
      const isDisabled = await Promise.all(domains.map((candidate) => launchctl.isDisabled(candidate, label)));
      if (isDisabled.includes(true)) {
        return { state: 'disabled', listening: false, detail: 'switched off: System Settings > General > Login Items' };
      }
      const detail = 'not loaded: switched off in System Settings > General > Login Items, or no user is logged in';
      return { state: 'blocked', listening: false, detail };
    },
    // launchd logs to the system log, without the output of an agent.
    logCommand: () => undefined,
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

const labelTakenBy = (path: string): string => `another job has this label: ${path}`;

/** launchd silently leaves out a socket that it cannot bind, for instance without its folder. */
async function waitForSockets({ sockets }: Job): Promise<void> {
  for (const deadline = Date.now() + SOCKET_MS; ; await wait(POLL_MS)) {
    const missing = [sockets.agent, sockets.control].filter((path) => !isSocket(path));
    if (missing.length === 0) return;
    if (Date.now() < deadline) continue;
    throw new LaunchpoolError(
      'ERR_LAUNCHPOOL_SUPERVISOR_FAILED',
      `launchd has not created the socket ${missing.join(', ')}`,
      {
        hint: 'Check that the folder exists and is writable, or read `log show --predicate \'process == "launchd"\' --last 5m`.',
      },
    );
  }
}

function isSocket(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSocket() ?? false;
}

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
