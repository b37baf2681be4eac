/** launchd as a supervisor: the entry point of this folder, beside the check-in and the reader. */
import { lstatSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type Job, modeOf } from '../job/job.ts';
import type { RunCommand } from '../job/run-command.ts';
import type { Misplacement, Supervisor } from '../job/supervisor.ts';
import { LaunchpoolError } from '../wire/errors.ts';
import { createLaunchdReader, labelTakenBy } from './job-reader.ts';
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

  /**
   * The jobs of that label, the one in the preferred domain first. A plist that was loaded over ssh, into the user's domain,
   * is loaded once more by the next login at the screen (https://github.com/crc-org/crc/issues/5374).
   */
  async function findAll(label: string): Promise<Found[]> {
    const found: Found[] = [];
    for (const candidate of domains) {
      const printed = await launchctl.print(candidate, label);
      if (printed !== undefined) found.push({ domain: candidate, printed });
    }
    return found;
  }

  const isOwn =
    (label: string) =>
    ({ printed: { path = pathOf(label) } }: Found): boolean =>
      path === pathOf(label);

  /**
   * The jobs from our plist. A job of another program in the other domain is no hindrance, and stays.
   * @param into the domain that has to be free of jobs of other programs, beside those that have no job of ours.
   * @throws ERR_LAUNCHPOOL_SUPERVISOR_FAILED when the label belongs to a job with another plist
   */
  function ownOf(label: string, jobs: readonly Found[], into?: string): Found[] {
    const own = jobs.filter(isOwn(label));
    const foreign = jobs.find((job) => !isOwn(label)(job) && (own.length === 0 || job.domain === into));
    if (foreign === undefined) return own;
    throw new LaunchpoolError('ERR_LAUNCHPOOL_SUPERVISOR_FAILED', labelTakenBy(String(foreign.printed.path)), {
      hint: `Choose another label, or remove the other job with: launchctl bootout ${foreign.domain}/${label}`,
    });
  }

  const findOwn = async (label: string): Promise<Found[]> => ownOf(label, await findAll(label));

  async function unload(label: string, timeoutMs = STOP_TIMEOUT_MS): Promise<void> {
    for (const job of await findOwn(label)) await launchctl.bootout(job.domain, label, timeoutMs + SLACK_MS);
    // launchd leaves the socket files, and sometimes cannot replace them:
    // https://github.com/DeterminateSystems/nix-installer/issues/1517
    for (const path of socketsOf(label)) if (isSocket(path)) unlinkSync(path);
  }

  return {
    ...createLaunchdReader({ run, home, uid }),
    async check() {
      await domain();
    },
    filesOf: (job) => [{ path: pathOf(job.label), text: encodePlist(plistOf(job)), mode: modeOf(job) }],
    pathsOf: (label) => [pathOf(label)],
    foreignPathsOf: (label) => OTHER_FOLDERS.map((folder) => join(folder, `${label}.plist`)),
    loading({ label }, changed) {
      const [gui] = domains;
      if (changed.length === 0) return [];
      // Without a plist, nothing is loaded from it.
      const ending = exists(pathOf(label)) ? [BOOTOUT(gui, label)] : [];
      return [...ending, ENABLE(gui, label), BOOTSTRAP(gui, pathOf(label))];
    },
    async load(job, changed) {
      const { label } = job;
      const jobs = await findAll(label);
      const [first, second] = ownOf(label, jobs);
      const [gui] = domains;
      // A job that is loaded there proves that the domain exists.
      const into = first?.domain === gui ? gui : await domain();
      ownOf(label, jobs, into);
      const isInPlace = first?.domain === into && second === undefined;
      // A job that another process is removing must be loaded again.
      if (isInPlace && changed.length === 0 && !isStopping(first.printed)) return;
      // launchd reads a plist again only after the job is removed.
      if (first !== undefined) await unload(label, job.stopSeconds * 1000);
      await launchctl.enable(into, label);
      try {
        await launchctl.bootstrap(into, label, pathOf(label), SLACK_MS);
      } catch (error) {
        // A job that cannot move stays where it was.
        if (first !== undefined && first.domain !== into)
          await launchctl.bootstrap(first.domain, label, pathOf(label), SLACK_MS);
        throw error;
      }
      await waitForSockets(job);
    },
    unload: (label, stopSeconds) => unload(label, stopSeconds === undefined ? undefined : stopSeconds * 1000),
    async disable(label) {
      // Asked first: a domain that does not exist cannot be told.
      for (const candidate of domains) {
        if (!(await launchctl.hasDomain(candidate)) || (await launchctl.isDisabled(candidate, label))) continue;
        await launchctl.disable(candidate, label);
      }
    },
    async enable(label) {
      for (const candidate of domains) {
        if (await launchctl.isDisabled(candidate, label)) await launchctl.enable(candidate, label);
      }
    },
    async forget() {
      // launchd keeps nothing else of a label: enable() undoes that it is disabled.
    },
    async dismiss(label) {
      const running = (await findOwn(label)).filter(({ printed }) => printed.pid !== undefined);
      for (const job of running) await launchctl.kill(job.domain, label, 'SIGTERM');
      return running[0]?.printed.pid;
    },
    async misplacement(label) {
      const [first, second] = (await findAll(label)).filter(isOwn(label));
      if (first === undefined) return undefined;
      if (second !== undefined) return loadedTwice(first.domain, second.domain);
      const [gui, user] = domains;
      if (first.domain === gui) return undefined;
      return (await launchctl.hasDomain(gui)) ? wrongDomain(user, gui) : notAfterRestart(user);
    },
    // launchd logs to the system log, without the output of an agent.
    logCommand: () => undefined,
  };
}

type Found = { domain: string; printed: Printed };

const FIX = '`launchpool doctor --fix`, or the next `launchpool install`,';

function loadedTwice(first: string, second: string): Misplacement {
  const message = `the label is loaded twice, in ${first} and in ${second}: each has a process of its own`;
  return { id: 'loaded-twice', message, hint: `${FIX} leaves one of them, in ${first}.` };
}

function wrongDomain(user: string, gui: string): Misplacement {
  const message = `the agent is in ${user}, where macOS does not load it again after a restart`;
  return { id: 'wrong-domain', message, hint: `${FIX} moves it to ${gui}.` };
}

function notAfterRestart(user: string): Misplacement {
  const message = `no user is logged in at the screen, so the agent is in ${user}: after a restart, macOS does not load it again`;
  const hint = `A login at the screen loads it; ${FIX} moves it there for good.`;
  return { id: 'not-after-restart', message, hint };
}

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
