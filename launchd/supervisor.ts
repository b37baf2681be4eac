/** launchd as a supervisor: the only door to all that is known of it, but for the check-in. */
import { lstatSync, unlinkSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import type { Job } from '../job/job.ts';
import type { RunCommand } from '../job/run-command.ts';
import type { JobStatus, Supervisor } from '../job/supervisor.ts';
import { LaunchpoolError } from '../wire/errors.ts';
import { BOOTOUT, BOOTSTRAP, createLaunchctl, ENABLE, isStopping, type Printed } from './launchctl.ts';
import { domainsOf, plistPathOf } from './paths.ts';
import { encodePlist, plistOf } from './plist.ts';

/** What launchd itself may take, beyond what a job is given to end. */
const SLACK_MS = 10_000;
/** An agent of another version may have been given more time to end than is known here. */
const STOP_TIMEOUT_MS = 60_000;
/** bootstrap returns before the socket stands. */
const SOCKET_MS = 5_000;
const POLL_MS = 20;

export type LaunchdOptions = {
  run: RunCommand;
  home: string;
  uid: number;
  /** Where the sockets of a label are. */
  socketsOf: (label: string) => readonly string[];
};

export function createLaunchd({ run, home, uid, socketsOf }: LaunchdOptions): Supervisor {
  const launchctl = createLaunchctl(run);
  const domains = domainsOf(uid);
  const pathOf = (label: string): string => plistPathOf(home, label);

  /** Where a new job goes: to the login window, unless nobody is logged in there. */
  async function domain(): Promise<string> {
    for (const candidate of domains) if (await launchctl.hasDomain(candidate)) return candidate;
    throw new LaunchpoolError('ERR_LAUNCHPOOL_SUPERVISOR_UNREACHABLE', `launchd has no domain for user ${uid}`, {
      hint: 'Log in, at the screen or by ssh; not as root, and not from cron.',
    });
  }

  async function find(label: string): Promise<{ domain: string; printed: Printed } | undefined> {
    for (const candidate of domains) {
      const printed = await launchctl.print(candidate, label);
      if (printed !== undefined) return { domain: candidate, printed };
    }
    return undefined;
  }

  /** @throws ERR_LAUNCHPOOL_SUPERVISOR_FAILED when the label is that of somebody else's job */
  async function findOwn(label: string): ReturnType<typeof find> {
    const found = await find(label);
    const { path = pathOf(label) } = found?.printed ?? {};
    if (path === pathOf(label)) return found;
    throw new LaunchpoolError('ERR_LAUNCHPOOL_SUPERVISOR_FAILED', takenBy(path), {
      hint: `If nobody needs it: launchctl bootout ${found?.domain}/${label}. Else choose another label.`,
    });
  }

  async function unload(label: string, timeoutMs = STOP_TIMEOUT_MS): Promise<void> {
    const found = await findOwn(label);
    if (found !== undefined) await launchctl.bootout(found.domain, label, timeoutMs + SLACK_MS);
    // launchd leaves it, and sometimes cannot replace it: https://github.com/DeterminateSystems/nix-installer/issues/1517
    for (const path of socketsOf(label)) if (isSocket(path)) unlinkSync(path);
  }

  return {
    name: 'launchd',
    async check() {
      await domain();
    },
    filesOf: (job) => [{ path: pathOf(job.label), text: encodePlist(plistOf(job)), mode: 0o644 }],
    pathsOf: (label) => [pathOf(label)],
    loading({ label }, changed) {
      const [gui] = domains;
      if (changed.length === 0) return [];
      return [BOOTOUT(gui, label), ENABLE(gui, label), BOOTSTRAP(gui, pathOf(label))];
    },
    async load(job, changed) {
      const { label } = job;
      const found = await findOwn(label);
      // What somebody else is removing would be gone a moment later.
      if (found !== undefined && changed.length === 0 && !isStopping(found.printed)) return;
      // launchd keeps what it has read of a plist until the job is gone.
      if (found !== undefined) await unload(label, job.stopSeconds * 1000);
      const into = found?.domain ?? (await domain());
      await launchctl.enable(into, label);
      await launchctl.bootstrap(into, label, pathOf(label), SLACK_MS);
      await socketsStand(job);
    },
    unload: (label) => unload(label),
    async forget() {
      // What launchd keeps beyond that is whether the label is disabled, and it is not.
    },
    async dismiss(label) {
      const found = await findOwn(label);
      if (found?.printed.pid === undefined) return undefined;
      await launchctl.kill(found.domain, label, 'SIGTERM');
      return found.printed.pid;
    },
    async status(label) {
      const found = await find(label);
      if (found !== undefined) return statusOf(found.printed, pathOf(label));
      if (!exists(pathOf(label))) return { state: 'not-installed', listening: false };
      const isDisabled = await Promise.all(domains.map((candidate) => launchctl.isDisabled(candidate, label)));
      if (isDisabled.includes(true)) {
        return { state: 'disabled', listening: false, detail: 'switched off: System Settings > General > Login Items' };
      }
      const detail = 'not loaded: switched off in System Settings > General > Login Items, or nobody is logged in';
      return { state: 'blocked', listening: false, detail };
    },
    // launchd's own log is the system's, and has nothing of what an agent says.
    logCommand: () => undefined,
  };
}

function statusOf({ state, pid, lastExit, path }: Printed, expectedPath: string): JobStatus {
  const status: JobStatus = { state: 'unknown', listening: true };
  if (pid !== undefined) status.pid = pid;
  if (lastExit !== undefined) status.lastExit = lastExit;
  if (path !== undefined && path !== expectedPath) {
    return { ...status, state: 'failed', listening: false, heldBy: path, detail: takenBy(path) };
  }
  if (isStopping({ state })) return { ...status, state: 'stopping', listening: false };
  switch (state) {
    case 'running':
      return { ...status, state: 'running' };
    case 'spawning':
    // The program that becomes the job's.
    case 'xpcproxy':
      return { ...status, state: 'starting' };
    case 'spawn scheduled':
      return { ...status, state: 'throttled', detail: 'it ended too soon; launchd starts it again after a while' };
    case 'not running':
    case 'exited':
      // One that is told to leave before it listens to that, SIGTERM ends.
      if (lastExit === undefined || lastExit === 0 || lastExit === 'signal 15') return { ...status, state: 'idle' };
      return {
        ...status,
        state: 'failed',
        detail: `the last process ended with ${lastExit}; the next connection starts one`,
      };
    default:
      return { ...status, detail: `launchd calls it "${state}"` };
  }
}

const takenBy = (path: string): string => `another job has this label: ${path}`;

/** Without a folder to put it in, launchd leaves a socket out, and says nothing. */
async function socketsStand({ sockets }: Job): Promise<void> {
  for (const deadline = Date.now() + SOCKET_MS; ; await wait(POLL_MS)) {
    const missing = [sockets.agent, sockets.control].filter((path) => !isSocket(path));
    if (missing.length === 0) return;
    if (Date.now() < deadline) continue;
    throw new LaunchpoolError(
      'ERR_LAUNCHPOOL_SUPERVISOR_FAILED',
      `launchd has made no socket at ${missing.join(', ')}`,
      {
        hint: 'Is its folder there, and writable? `log show --predicate \'process == "launchd"\' --last 5m` may say more.',
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
