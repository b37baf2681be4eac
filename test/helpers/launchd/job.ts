/** One job of the launchd double: its sockets, its process, and the conditions for a start. */
import { setTimeout as wait } from 'node:timers/promises';
import { close, isReadable } from '../../../libc/descriptors.ts';
import type { LaunchdHistory } from './events.ts';
import type { JobPlist } from './plist.ts';
import { type ProcessOptions, type Started, signalGroup, startProcess } from './process.ts';
import { makeSockets } from './sockets.ts';

/** launchd's defaults, in seconds: launchd.plist(5) has the first, the output of `launchctl print` the second. */
const THROTTLE = 10;
const EXIT_TIMEOUT = 5;
/** EX_CONFIG of sysexits(3). */
const BAD_CONFIGURATION = 78;

export type JobState = 'running' | 'not running' | 'spawn scheduled' | 'SIGTERMed';

/** How long a label stays taken after the exit of its process: in milliseconds, or until the promise is fulfilled. */
export type Drain = number | Promise<void>;

export type JobOptions = Omit<ProcessOptions, 'sockets'> & {
  /** The path of the plist. */
  path: string;
  drain: Drain;
  renamesSockets?: boolean;
  history: LaunchdHistory;
  /** Process groups that outlive their first process. */
  survivors: Set<number>;
  onRemoved(): void;
};

export type LaunchdJob = {
  readonly plist: JobPlist;
  readonly path: string;
  readonly state: JobState;
  readonly pid: number | undefined;
  readonly runs: number;
  /** The exit status or signal of the last process. */
  readonly end: number | NodeJS.Signals | undefined;
  /** Called at an interval; starts the process when it is due. */
  inspect(): void;
  /** @param kill whether to end a running process first. */
  kickstart(kill: boolean): void;
  /** Returns whether the job had a process. */
  signal(signal: NodeJS.Signals | number): boolean;
  /** Closes the sockets and keeps their paths. The label stays taken until `drain` has ended after the exit of the process. */
  bootOut(): 'removed' | 'started' | 'in-progress';
};

export function createJob(plist: JobPlist, options: JobOptions): LaunchdJob {
  const { path, drain, history, survivors, onRemoved } = options;
  const { Label: label, KeepAlive, RunAtLoad, AbandonProcessGroup = false, ExitTimeOut = EXIT_TIMEOUT } = plist;
  const sockets = makeSockets(plist.Sockets, options.renamesSockets);
  const fds = [...sockets.values()].flat();
  // launchd ignores 0 and logs: "You're not that important."
  const throttleMs = 1000 * (plist.ThrottleInterval || THROTTLE);
  const isKept = KeepAlive !== undefined && KeepAlive !== false;
  let wanted = isKept || RunAtLoad === true;
  let child: Started | undefined;
  let isEnding = false;
  let isRemoved = false;
  let earliest = Number.NEGATIVE_INFINITY;
  let runs = 0;
  let end: LaunchdJob['end'];

  function isDue(): boolean {
    return child === undefined && !isRemoved && (wanted || fds.some(isReadable));
  }

  function stateNow(): JobState {
    if (isRemoved || isEnding) return 'SIGTERMed';
    if (child !== undefined) return 'running';
    return isDue() ? 'spawn scheduled' : 'not running';
  }

  function start(): void {
    wanted = isKept;
    // The interval counts from start to start, however long the process runs.
    earliest = performance.now() + throttleMs;
    runs += 1;
    const started = startProcess(plist, { ...options, sockets });
    if (started === undefined) {
      end = BAD_CONFIGURATION;
      history.add({ event: 'not-spawned', label });
      return;
    }
    child = started;
    started.once('exit', (code, signal) => ended(started, code ?? (signal as NodeJS.Signals)));
    history.add({ event: 'spawned', label, pid: started.pid });
  }

  function ended({ pid }: Started, status: number | NodeJS.Signals): void {
    child = undefined;
    isEnding = false;
    end = status;
    if (signalGroup(pid, AbandonProcessGroup ? 0 : 'SIGTERM')) survivors.add(pid);
    if (isRemoved) (typeof drain === 'number' ? wait(drain) : drain).then(remove);
    history.add({ event: 'exited', label, pid, status });
  }

  function remove(): void {
    onRemoved();
    history.add({ event: 'removed', label });
  }

  function terminate(ending: Started): void {
    isEnding = true;
    ending.kill('SIGTERM');
    if (ExitTimeOut === 0) return;
    const late = setTimeout(() => ending.kill('SIGKILL'), 1000 * ExitTimeOut);
    ending.once('exit', () => clearTimeout(late));
  }

  return {
    plist,
    path,
    get state() {
      return stateNow();
    },
    get pid() {
      return child?.pid;
    },
    get runs() {
      return runs;
    },
    get end() {
      return end;
    },
    inspect() {
      if (isDue() && performance.now() >= earliest) start();
    },
    kickstart(kill) {
      if (child === undefined || kill) wanted = true;
      if (child !== undefined && kill && !isEnding) terminate(child);
      this.inspect();
    },
    signal: (signal) => child?.kill(signal) ?? false,
    bootOut() {
      if (isRemoved) return 'in-progress';
      isRemoved = true;
      fds.forEach(close);
      if (child !== undefined) {
        if (!isEnding) terminate(child);
        return 'started';
      }
      remove();
      return 'removed';
    },
  };
}
