/** What an installation depends on around it; tests put something else in its place. */
import { homedir } from 'node:os';
import { type RunCommand, runCommand } from '../../job/run-command.ts';
import type { Environment } from '../../systemd/check-in.ts';

export type Host = {
  platform: NodeJS.Platform;
  /** The user's home folder. */
  home: string;
  uid: number;
  env: Environment;
  /** Runs launchctl, systemctl and the like. */
  run: RunCommand;
  /** The Node that runs this. */
  execPath: string;
};

export function hostOf(given: Partial<Host> = {}): Host {
  return {
    platform: process.platform,
    home: homedir(),
    uid: process.getuid?.() ?? 0,
    env: process.env,
    run: runCommand,
    execPath: process.execPath,
    ...given,
  };
}
