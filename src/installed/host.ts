/** The host of an installation: the part of the system that an installation depends on. Tests replace it. */
import { existsSync } from 'node:fs';
import { type RunCommand, runCommand } from '../../job/run-command.ts';
import type { Environment } from '../../systemd/check-in.ts';
import { homeFolder } from '../../wire/home-folder.ts';

export type Host = {
  platform: NodeJS.Platform;
  /** The user's home folder. */
  home: string;
  uid: number;
  env: Environment;
  /** Runs the tools of the supervisor, such as launchctl and systemctl. */
  run: RunCommand;
  /** The Node that runs this process. */
  execPath: string;
  /** Whether a folder of programs exists. */
  hasFolder: (path: string) => boolean;
};

/** This process's host, with overrides. @throws ERR_LAUNCHPOOL_NO_HOME */
export function hostOf(overrides: Partial<Host> = {}): Host {
  return {
    platform: process.platform,
    home: overrides.home ?? homeFolder(),
    uid: process.getuid?.() ?? 0,
    env: process.env,
    run: runCommand,
    execPath: process.execPath,
    hasFolder: existsSync,
    ...overrides,
  };
}

/** The platform of each supervisor. */
const PLATFORM = { launchd: 'darwin', systemd: 'linux' } as const;

/** @param supervisor a supervisor by its name stands for its platform. */
export function platformOf(supervisor: 'launchd' | 'systemd' | object | undefined): Pick<Partial<Host>, 'platform'> {
  return typeof supervisor === 'string' ? { platform: PLATFORM[supervisor] } : {};
}
