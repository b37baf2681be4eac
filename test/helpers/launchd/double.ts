/**
 * Stands in for launchd and launchctl(1) on Linux: what a command answers, and when, is what macOS 13 to 26 were seen to
 * answer. Jobs are real processes, which check in by way of test/fixtures/launchd/libjob.c. Unlike there, they have their
 * sockets before they ask for them, so that a job which never asks keeps them open, and its children do.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import type { CommandResult, RunCommand } from '../../../job/run-command.ts';
import { compileLibrary } from '../c-library.ts';
import { createHistory } from '../history.ts';
import type { LaunchdEvent, LaunchdHistory } from './events.ts';
import { createJob, type LaunchdJob } from './job.ts';
import { createLaunchctl } from './launchctl.ts';
import { signalGroup } from './process.ts';

/** Between two looks at whether somebody has knocked. */
const CHECK_MS = 5;
/** What a process may take to leave when the test is over. */
const CLOSE_MS = 1_000;

export type LaunchdDouble = Omit<LaunchdHistory, 'add'> & {
  /** Knows one program, /bin/launchctl. */
  run: RunCommand;
  /** Every command of launchctl, as it was called, in order. */
  commands: string[][];
  /** What the Login Items switch of System Settings does; what is loaded stays so. */
  setDisabled(label: string, isDisabled: boolean): void;
  /** Boots everything out, and kills what does not go. */
  close(): Promise<void>;
};

export type LaunchdDoubleOptions = {
  /** What jobs get as HOME. */
  home: string;
  /** @default 501 */
  uid?: number;
  /** Those that there are. @default gui/ and user/ of that uid */
  domains?: readonly string[];
  /** How long a label stays taken when its process has gone, in milliseconds. @default 150 */
  drainMs?: number;
};

/** Closed when the test ends. */
export function createLaunchdDouble(t: ExecutionContext, options: LaunchdDoubleOptions): LaunchdDouble {
  const { home, uid = 501, domains = [`gui/${uid}`, `user/${uid}`], drainMs = 150 } = options;
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
      // Reading the plist has taken until the test was over.
      if (closing !== undefined) return;
      const onGone = (): unknown => jobs.delete(target);
      jobs.set(
        target,
        createJob(plist, { path, home, shim, drainMs, history: { ...history, add }, survivors, onGone }),
      );
      add({ event: 'bootstrapped', label: plist.Label });
    },
  });
  const looking = setInterval(() => {
    for (const job of jobs.values()) job.inspect();
  }, CHECK_MS);

  async function run(command: readonly [string, ...string[]]): Promise<CommandResult> {
    const [program, verb = 'usage', ...args] = command;
    if (program !== '/bin/launchctl') return { status: 127, stdout: '', stderr: `${program}: command not found\n` };
    commands.push([...command]);
    // Nothing of it is needed before there is a job.
    if (verb === 'bootstrap') {
      compiled ??= compileLibrary(t, 'launchd/libjob.c');
      shim = await compiled;
    }
    const subcommand = Object.hasOwn(launchctl, verb) ? launchctl[verb] : launchctl.usage;
    return subcommand?.(...args) as CommandResult | Promise<CommandResult>;
  }

  async function bootOutAll(): Promise<void> {
    for (const job of jobs.values()) job.bootOut();
    const deadline = performance.now() + CLOSE_MS;
    while (jobs.size > 0) {
      if (performance.now() >= deadline) for (const job of jobs.values()) job.signal('SIGKILL');
      await wait(CHECK_MS);
    }
    clearInterval(looking);
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
    close,
  };
}
