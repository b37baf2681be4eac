/** The process of a job, with the environment and descriptors that launchd gives it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, statSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fixture } from '../agent.ts';
import type { JobPlist } from './plist.ts';

const AS_ON_MACOS = pathToFileURL(fixture('programs/as-on-macos.mjs')).href;
const NO_UMASK = 0o022;
/** Set by test/mac-like/run.sh. */
const MAC_LIKE = process.env.MAC_LIKE_NODE_OPTIONS;

export type Started = ChildProcess & { pid: number };

export type ProcessOptions = {
  home: string;
  /** The library with launch_activate_socket. */
  shim: string;
  sockets: ReadonlyMap<string, readonly number[]>;
};

/** Starts in a new session and process group. Undefined when the process cannot be started. */
export function startProcess(plist: JobPlist, { home, shim, sockets }: ProcessOptions): Started | undefined {
  const { Program, ProgramArguments, WorkingDirectory = '/', StandardOutPath, StandardErrorPath } = plist;
  const [argv0, ...args] = ProgramArguments;
  const preload = basename(argv0).startsWith('node') ? ['--import', AS_ON_MACOS] : [];
  const logs: number[] = [];
  // A shell would add variables, so this process changes its own umask; the code in between is synchronous.
  const umask = process.umask(umaskOf(plist));
  try {
    for (const path of [StandardOutPath, StandardErrorPath]) logs.push(openSync(path ?? '/dev/null', 'a'));
    const child = spawn(Program ?? argv0, [...preload, ...args], {
      argv0,
      detached: true,
      cwd: isFolder(WorkingDirectory) ? WorkingDirectory : '/',
      env: {
        ...environmentOf(plist, home),
        TEST_LAUNCHD_SHIM: shim,
        TEST_LAUNCHD_SOCKETS: numbersOf(sockets),
      },
      stdio: ['ignore', ...logs, ...[...sockets.values()].flat()],
    });
    // A missing process id reports the same failure synchronously.
    child.on('error', () => undefined);
    return child.pid === undefined ? undefined : (child as Started);
  } catch {
    return undefined;
  } finally {
    process.umask(umask);
    logs.forEach(closeSync);
  }
}

/** Returns whether the group has a process; signal 0 only checks. */
export function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-pid, signal);
  } catch {
    return false;
  }
}

/** launchd's short environment, and the variables of the plist that are strings. */
function environmentOf({ Label, EnvironmentVariables = {} }: JobPlist, home: string): NodeJS.ProcessEnv {
  const { username } = userInfo();
  const own = Object.entries(EnvironmentVariables).filter(([, value]) => typeof value === 'string');
  return {
    PATH: '/usr/bin:/bin:/usr/sbin:/sbin',
    HOME: home,
    TMPDIR: `${tmpdir()}/`,
    SHELL: '/bin/zsh',
    USER: username,
    LOGNAME: username,
    XPC_SERVICE_NAME: Label,
    ...(MAC_LIKE === undefined ? {} : { NODE_OPTIONS: MAC_LIKE }),
    ...(Object.fromEntries(own) as Record<string, string>),
  };
}

/** launchd parses a string with strtoul(3), where a leading zero means octal. */
function umaskOf({ Umask = NO_UMASK }: JobPlist): number {
  return typeof Umask === 'number' ? Umask : Number.parseInt(Umask, Umask.startsWith('0') ? 8 : 10);
}

/** In the format of test/fixtures/launchd/libjob.c; the child's descriptors start at 3. */
function numbersOf(sockets: ReadonlyMap<string, readonly number[]>): string {
  let next = 3;
  return [...sockets].map(([name, fds]) => `${name}=${fds.map(() => next++).join(',')}`).join(';');
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
