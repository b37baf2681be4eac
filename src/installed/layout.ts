/** The layout of an installed agent: the paths of its files. */
import { join } from 'node:path';
import { agentsFolderOf, checkLabel, type SocketPaths, socketPathsOf } from '../../wire/address.ts';
import { STOP_MARKER } from '../../wire/stopped.ts';
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
  /** Exists while the agent is stopped on purpose: stop-marker.ts. */
  stopped: string;
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
    stopped: inFolder(STOP_MARKER),
    cache: inFolder('cache'),
    logs: inFolder('logs'),
    logFile: inFolder('logs/agent.log'),
    sockets: socketPathsOf(label, host),
  };
}

/** The parent of all agents' folders. */
export function parentOf(host: Host): string {
  return agentsFolderOf(host);
}
