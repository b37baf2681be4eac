/** The layout of an installed agent: the paths of its files. */
import { join } from 'node:path';
import { checkLabel, type SocketPaths, socketPathsOf } from '../../wire/address.ts';
import type { Host } from './host.ts';

export type Layout = {
  /** The agent's folder. On macOS an app of the same name may share it: only the paths below are the agent's. */
  folder: string;
  /** The installation's record: record.ts. */
  record: string;
  /** One folder for each version of program and module, named by the hash of its contents. */
  versions: string;
  /** A symbolic link to the current version. The supervisor starts this path, so its files stay the same. */
  current: string;
  /** Copies of Node, by version. */
  nodes: string;
  /** Compiled code. */
  cache: string;
  logs: string;
  logFile: string;
  sockets: SocketPaths;
};

/** The name of the record. It tells an agent's folder from the folders of other applications. */
export const RECORD = 'launchpool.json';

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

/**
 * The parent of all agents' folders.
 * https://developer.apple.com/library/archive/documentation/FileManagement/Conceptual/FileSystemProgrammingGuide/FileSystemOverview/FileSystemOverview.html,
 * https://specifications.freedesktop.org/basedir-spec/latest/
 */
export function parentOf({ platform, home, env }: Host): string {
  if (platform === 'darwin') return join(home, 'Library', 'Application Support');
  const data = env.XDG_DATA_HOME?.startsWith('/') ? env.XDG_DATA_HOME : join(home, '.local', 'share');
  return join(data, 'launchpool');
}
