/** Reads plists with another implementation than the one that writes them, and refuses what launchd refuses. */
import { execFile } from 'node:child_process';
import { lstatSync } from 'node:fs';
import { promisify } from 'node:util';
import { findPython } from '../pythons.ts';
import type { SocketKeys } from './sockets.ts';

/** What of launchd.plist(5) the double heeds; the rest it ignores, as launchd does what it does not know. */
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

/** Undefined for what bootstrap refuses with its error 5. */
export async function readPlist(path: string): Promise<JobPlist | undefined> {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  // path_goodness_check in launchctl's own source, of when it was open.
  if (!stats?.isFile() || (stats.mode & 0o022) !== 0 || !path.endsWith('.plist')) return undefined;
  try {
    const { stdout } = await promisify(execFile)(PYTHON, ['-ISc', TO_JSON, path]);
    const { ProgramArguments, ...plist } = JSON.parse(stdout);
    const args = ProgramArguments ?? [plist.Program];
    const isGood = isText(plist.Label) && isText(args[0]) && (plist.Program ?? args[0]).startsWith('/');
    return isGood ? { ...plist, ProgramArguments: args } : undefined;
  } catch {
    // No plist, or one of another shape.
    return undefined;
  }
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}
