/**
 * The launchd double: launchd and launchctl(1) on Linux. Answers and their timing follow observations of macOS 13 to 26.
 * Jobs are real processes, which check in through test/fixtures/launchd/libjob.c. Unlike on macOS, a job has its sockets
 * before its check-in, so a job that never checks in keeps them open, and so do its children.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import type { CommandResult, RunCommand } from '../../../job/run-command.ts';
import { compileLibrary } from '../c-library.ts';
import { createHistory } from '../history.ts';
import { NotTested } from '../not-tested.ts';
import type { LaunchdEvent, LaunchdHistory } from './events.ts';
import { createJob, type Drain, type LaunchdJob } from './job.ts';
import { createLaunchctl } from './launchctl.ts';
import { signalGroup } from './process.ts';

/** Interval of the checks for waiting connections. */
const CHECK_MS = 5;
/** Time for processes to exit at the end of the test. */
const CLOSE_MS = 1_000;

export type LaunchdDouble = Omit<LaunchdHistory, 'add'> & {
  /** Runs /bin/launchctl; every other program is missing. */
  run: RunCommand;
  /** Every command of launchctl, in order. */
  commands: string[][];
  /** Does what the Login Items switch of System Settings does; a loaded job stays loaded. */
  setDisabled(label: string, isDisabled: boolean): void;
  /** A login at the screen: the domain gui/ appears, and what is in LaunchAgents is loaded there, whatever user/ has. */
  logIn(): Promise<void>;
  /** A restart of the machine: no job is loaded. @param domains those of the first login after it. */
  restart(domains: readonly string[]): Promise<void>;
  /** Boots out all jobs, and kills processes that do not exit. */
  close(): Promise<void>;
};

export type LaunchdDoubleOptions = {
  /** HOME of the jobs. */
  home: string;
  /** @default 501 */
  uid?: number;
  /** The existing domains. @default gui/ and user/ of the uid */
  domains?: readonly string[];
  /** @default 150 */
  drain?: Drain;
  /** Whether sockets are bound in another place and renamed, as launchd 3298 does. @default false */
  renamesSockets?: boolean;
};

/**
 * The double is closed when the test ends.
 * @throws NotTested where it does not run.
 */
export function createLaunchdDouble(t: ExecutionContext, options: LaunchdDoubleOptions): LaunchdDouble {
  // Its sockets and the library of its jobs use calls of Linux.
  if (process.platform !== 'linux') throw new NotTested('the launchd double runs on Linux only');
  const { home, uid = 501, drain = 150, renamesSockets = false } = options;
  const domains = [...(options.domains ?? [`gui/${uid}`, `user/${uid}`])];
  const jobs = new Map<string, LaunchdJob>();
  const disabled = new Map<string, boolean>();
  const survivors = new Set<number>();
  const commands: string[][] = [];
  const { add, ...history } = createHistory<LaunchdEvent>();
  let compiled: Promise<string> | undefined;
  let shim = '';
  let closing: Promise<void> | undefined;

  const launchctl = createLaunchctl({
    domains,
    jobs,
    disabled,
    load(target, plist, path) {
      // The test ended while the plist was read.
      if (closing !== undefined) return;
      const onRemoved = (): unknown => jobs.delete(target);
      jobs.set(
        target,
        createJob(plist, {
          path,
          home,
          shim,
          drain,
          renamesSockets,
          history: { ...history, add },
          survivors,
          onRemoved,
        }),
      );
      add({ event: 'bootstrapped', label: plist.Label });
    },
  });
  const checks = setInterval(() => {
    for (const job of jobs.values()) job.inspect();
  }, CHECK_MS);

  async function run(command: readonly [string, ...string[]]): Promise<CommandResult> {
    const [program, verb = 'usage', ...args] = command;
    if (program !== '/bin/launchctl') return { status: 127, stdout: '', stderr: `${program}: command not found\n` };
    commands.push([...command]);
    // Only jobs need the library.
    if (verb === 'bootstrap') {
      compiled ??= compileLibrary(t, 'launchd/libjob.c');
      shim = await compiled;
    }
    const subcommand = Object.hasOwn(launchctl, verb) ? launchctl[verb] : launchctl.usage;
    return subcommand?.(...args) as CommandResult | Promise<CommandResult>;
  }

  async function logIn(): Promise<void> {
    const [gui, agents] = [`gui/${uid}`, join(home, 'Library', 'LaunchAgents')];
    if (!domains.includes(gui)) domains.unshift(gui);
    const names = existsSync(agents) ? readdirSync(agents).filter((name) => name.endsWith('.plist')) : [];
    for (const name of names) await run(['/bin/launchctl', 'bootstrap', gui, join(agents, name)]);
  }

  async function restart(next: readonly string[]): Promise<void> {
    for (const job of jobs.values()) job.bootOut();
    for (const job of jobs.values()) job.signal('SIGKILL');
    while (jobs.size > 0) await wait(CHECK_MS);
    domains.splice(0, domains.length, ...next);
    if (next.includes(`gui/${uid}`)) await logIn();
  }

  async function bootOutAll(): Promise<void> {
    for (const job of jobs.values()) job.bootOut();
    const deadline = performance.now() + CLOSE_MS;
    while (jobs.size > 0) {
      if (performance.now() >= deadline) for (const job of jobs.values()) job.signal('SIGKILL');
      await wait(CHECK_MS);
    }
    clearInterval(checks);
    for (const pid of survivors) signalGroup(pid, 'SIGKILL');
  }
  const close = (): Promise<void> => {
    closing ??= bootOutAll();
    return closing;
  };
  t.teardown(close);

  return {
    ...history,
    run,
    commands,
    setDisabled: (label, isDisabled) => disabled.set(label, isDisabled),
    logIn,
    restart,
    close,
  };
}
