/** Reads plists with another implementation than the product writes them with, and refuses the plists that launchd refuses. */
import { execFile } from 'node:child_process';
import { lstatSync } from 'node:fs';
import { promisify } from 'node:util';
import { findPython } from '../pythons.ts';
import type { SocketKeys } from './sockets.ts';

/** The keys of launchd.plist(5) that the double supports; it ignores the others, as launchd ignores unknown keys. */
export type JobPlist = {
  Label: string;
  Program?: string;
  ProgramArguments: [string, ...string[]];
  Sockets?: Record<string, SocketKeys | SocketKeys[]>;
  EnvironmentVariables?: Record<string, unknown>;
  WorkingDirectory?: string;
  StandardOutPath?: string;
  StandardErrorPath?: string;
  ExitTimeOut?: number;
  ThrottleInterval?: number;
  Umask?: number | string;
  LimitLoadToSessionType?: string | string[];
  AbandonProcessGroup?: boolean;
  RunAtLoad?: boolean;
  KeepAlive?: unknown;
};

const PYTHON = findPython()?.path ?? 'python3';
const TO_JSON = 'import json,plistlib,sys; print(json.dumps(plistlib.load(open(sys.argv[1],"rb")),default=str))';

/** Undefined for a file that bootstrap refuses with error 5. */
export async function readPlist(path: string): Promise<JobPlist | undefined> {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  // path_goodness_check in the last open source of launchctl.
  if (!stats?.isFile() || (stats.mode & 0o022) !== 0 || !path.endsWith('.plist')) return undefined;
  try {
    const { stdout } = await promisify(execFile)(PYTHON, ['-ISc', TO_JSON, path]);
    const { ProgramArguments, ...plist } = JSON.parse(stdout);
    const args = ProgramArguments ?? [plist.Program];
    const isGood = isText(plist.Label) && isText(args[0]) && (plist.Program ?? args[0]).startsWith('/');
    return isGood ? { ...plist, ProgramArguments: args } : undefined;
  } catch {
    // An invalid plist.
    return undefined;
  }
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}
