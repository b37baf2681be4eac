/** Where the parts of an installed agent are. */
import { join } from 'node:path';
import { checkLabel, type SocketPaths, socketPathsOf } from '../../wire/address.ts';
import type { Host } from './host.ts';

export type Layout = {
  /** Of this label alone, or shared with the app whose label it is: only what is named here is ours. */
  folder: string;
  /** What was installed, and how: see record.ts. */
  record: string;
  /** A folder for each version of program and module, by its contents. */
  versions: string;
  /** A symbolic link to one of them: what the supervisor starts never has to change. */
  current: string;
  /** Copied Nodes, by version. */
  nodes: string;
  /** Compiled code. */
  cache: string;
  logs: string;
  logFile: string;
  sockets: SocketPaths;
};

/** @throws ERR_LAUNCHPOOL_ADDRESS_INVALID */
export function layoutOf(label: string, host: Host): Layout {
  const folder = join(parentOf(host), checkLabel(label));
  const inFolder = (name: string): string => join(folder, name);
  return {
    folder,
    record: inFolder(RECORD),
    versions: inFolder('versions'),
    current: inFolder('current'),
    nodes: inFolder('nodes'),
    cache: inFolder('cache'),
    logs: inFolder('logs'),
    logFile: inFolder('logs/agent.log'),
    sockets: socketPathsOf(label, host),
  };
}

/** By its name one knows, among the folders of all applications, which are ours. */
export const RECORD = 'launchpool.json';

/**
 * The folder in which each label has its own.
 * https://developer.apple.com/library/archive/documentation/FileManagement/Conceptual/FileSystemProgrammingGuide/FileSystemOverview/FileSystemOverview.html,
 * https://specifications.freedesktop.org/basedir-spec/latest/
 */
export function parentOf({ platform, home, env }: Host): string {
  if (platform === 'darwin') return join(home, 'Library', 'Application Support');
  const data = env.XDG_DATA_HOME?.startsWith('/') ? env.XDG_DATA_HOME : join(home, '.local', 'share');
  return join(data, 'launchpool');
}
