/** Reads plists with another implementation than the product writes them with, and refuses the plists that launchd refuses. */
import { lstatSync } from 'node:fs';
import { contentsOf } from './plist-reader.ts';
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

/** Undefined for a file that bootstrap refuses with error 5. */
export async function readPlist(path: string): Promise<JobPlist | undefined> {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  // path_goodness_check in the last open source of launchctl.
  if (!stats?.isFile() || (stats.mode & 0o022) !== 0 || !path.endsWith('.plist')) return undefined;
  const contents = await contentsOf(path);
  if (contents === undefined) return undefined;
  const { ProgramArguments, ...plist } = contents as Partial<JobPlist>;
  const args = ProgramArguments ?? [plist.Program];
  const program = plist.Program ?? args[0];
  const isGood = isText(plist.Label) && isText(args[0]) && isText(program) && program.startsWith('/');
  return isGood ? ({ ...plist, ProgramArguments: args } as JobPlist) : undefined;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
