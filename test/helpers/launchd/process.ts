/** The process of a job, with what launchd gives it and nothing else. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, statSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fixture } from '../agent.ts';
import type { JobPlist } from './plist.ts';

const AS_ON_MACOS = pathToFileURL(fixture('programs/as-on-macos.mjs')).href;
const NO_UMASK = 0o022;

export type Started = ChildProcess & { pid: number };

export type ProcessOptions = {
  home: string;
  /** The library with launch_activate_socket. */
  shim: string;
  sockets: ReadonlyMap<string, readonly number[]>;
};

/** In a session, and so a group, of its own. Undefined when it cannot be started. */
export function startProcess(plist: JobPlist, { home, shim, sockets }: ProcessOptions): Started | undefined {
  const { Program, ProgramArguments, WorkingDirectory = '/', StandardOutPath, StandardErrorPath } = plist;
  const [argv0, ...args] = ProgramArguments;
  const preload = basename(argv0).startsWith('node') ? ['--import', AS_ON_MACOS] : [];
  const logs: number[] = [];
  // Not by way of a shell, which leaves variables behind. What is done in between waits for nothing.
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
    // That there is no process id says the same, at once.
    child.on('error', () => undefined);
    return child.pid === undefined ? undefined : (child as Started);
  } catch {
    return undefined;
  } finally {
    process.umask(umask);
    logs.forEach(closeSync);
  }
}

/** @returns whether there was anybody in it; 0 only asks. */
export function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-pid, signal);
  } catch {
    return false;
  }
}

/** Hardly anything, and of what the plist adds only what is text. */
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
    ...(Object.fromEntries(own) as Record<string, string>),
  };
}

/** A number is a number; of text, launchd makes one with strtoul(3), for which a leading zero means octal. */
function umaskOf({ Umask = NO_UMASK }: JobPlist): number {
  return typeof Umask === 'number' ? Umask : Number.parseInt(Umask, Umask.startsWith('0') ? 8 : 10);
}

/** As test/fixtures/launchd/libjob.c reads it: in the child, descriptors are numbered from 3 on. */
function numbersOf(sockets: ReadonlyMap<string, readonly number[]>): string {
  let next = 3;
  return [...sockets].map(([name, fds]) => `${name}=${fds.map(() => next++).join(',')}`).join(';');
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
