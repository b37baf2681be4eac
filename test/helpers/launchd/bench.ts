/** A launchd double with one plist, for tests of the double itself. */
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect as connectSocket, type Socket } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { build, type PlistValue } from 'plist';
import type { CommandResult } from '../../../job/run-command.ts';
import { type Printed, parsePrint } from '../../../launchd/launchctl.ts';
import { declareWith } from '../not-tested.ts';
import { tempDir } from '../temp-dir.ts';
import { createLaunchdDouble, type LaunchdDouble, type LaunchdDoubleOptions } from './double.ts';

export { until } from '../until.ts';

export const LABEL = 'com.example.job';
export const TARGET = `gui/501/${LABEL}`;

export const shell = (script: string): string[] => ['/bin/sh', '-c', script];
export const python = (script: string): string[] => ['/usr/bin/env', 'python3', '-c', script];
/** Unlike on macOS, a job of the double has its sockets before its check-in; this one closes them. */
export const STAY: string[] = shell('exec 3<&-; echo up; while :; do sleep 0.02; done');
/** As STAY, and ignores SIGTERM. */
export const DEAF: string[] = shell('exec 3<&-; trap "" TERM; echo up; while :; do sleep 0.02; done');

/** Declares a test of the double, which runs on Linux only. */
export const onLinux: (title: string, body: (t: ExecutionContext) => unknown) => void = declareWith(test);

export type Bench = {
  launchd: LaunchdDouble;
  home: string;
  /** The path of the plist. */
  path: string;
  socketPath: string;
  logPath: string;
  /** Runs a command of launchctl. */
  ctl(...args: string[]): Promise<CommandResult>;
  /** Writes a plist with a label, a program, a log file, and the given keys, which take precedence. */
  write(keys?: Readonly<Record<string, unknown>>): Promise<void>;
  /** Writes a plist and loads it. */
  load(keys?: Readonly<Record<string, unknown>>): Promise<CommandResult>;
  printed(): Promise<Printed>;
  connect(): Promise<Socket>;
};

export async function createBench(t: ExecutionContext, options: Partial<LaunchdDoubleOptions> = {}): Promise<Bench> {
  const folder = await tempDir(t);
  const home = join(folder, 'home');
  await mkdir(home);
  const launchd = createLaunchdDouble(t, { home, ...options });
  const [path, socketPath, logPath] = [`${LABEL}.plist`, 'a.sock', 'log'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const ctl: Bench['ctl'] = (...args) => launchd.run(['/bin/launchctl', ...args]);
  const write: Bench['write'] = async (keys) => {
    const plist = { Label: LABEL, ProgramArguments: ['/bin/true'], StandardOutPath: logPath, ...keys };
    await writeFile(path, build(plist as unknown as PlistValue), { mode: 0o644 });
  };

  return {
    launchd,
    home,
    path,
    socketPath,
    logPath,
    ctl,
    write,
    async load(keys) {
      await write(keys);
      return ctl('bootstrap', 'gui/501', path);
    },
    printed: async () => parsePrint((await ctl('print', TARGET)).stdout),
    async connect() {
      const socket = connectSocket(socketPath);
      t.teardown(() => socket.destroy());
      await once(socket, 'connect');
      // The kernel resets a connection that was never accepted when the listening socket closes.
      socket.on('error', () => undefined);
      return socket;
    },
  };
}

export function socketsOf({ socketPath }: Bench): object {
  return { Listeners: { SockPathName: socketPath, SockPathMode: 0o600 } };
}

export function logOf({ logPath }: Bench): string {
  return existsSync(logPath) ? readFileSync(logPath, 'utf8') : '';
}

/** Whether the job has printed "up". */
export function isUp(bench: Bench): () => boolean {
  return () => logOf(bench).includes('up');
}
