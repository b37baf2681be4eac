/**
 * The agents of the verb `run`: an RPC agent, whose log is read in bursts, a raw agent, one with few descriptors, one with its
 * log on a small disk, one with a slow setup, and one whose module changes.
 */
import { join } from 'node:path';
import { findTool } from '../test/helpers/tools.ts';
import { BUSY, type HeldAgent, holdAgent, RAW, SLOW_SETUP, withDescriptors } from './agents.ts';
import { type ChangingModule, createChangingModule } from './changing-module.ts';
import type { Random } from './random.ts';
import type { Scope } from './scope.ts';
import { startSlowLogReader } from './slow-log-reader.ts';

export type AgentSet = {
  main: HeldAgent;
  raw: HeldAgent;
  /** The agent with few descriptors. */
  cramped: HeldAgent;
  disk: HeldAgent | undefined;
  /** The agent whose setup is slow and fails from time to time. */
  slow: HeldAgent;
  /** The agent whose module changes. It gets no signals: a process that starts with a damaged module answers no request. */
  changing: HeldAgent;
  changingModule: ChangingModule;
  /** The folder of the small disk, as the agent sees it. */
  diskFolder: string;
  skipped: string[];
};

/** The short --run-timeout and --cancel-grace end an endless request soon, so that a run can have many of them. */
const FLAGS: readonly string[] = [
  ...['--threads', '2', '--idle', '0', '--run-timeout', '1', '--cancel-grace', '0.2', '--max-requests', '4000'],
];
const FEW_DESCRIPTORS = 64;
const DISK_BYTES = 256 * 1024;

export async function holdAgentSet(scope: Scope, random: Random): Promise<AgentSet> {
  const flags = FLAGS;
  const changingModule = createChangingModule(scope);
  const skipped: string[] = [];
  const [main, raw, cramped, slow, changing] = await Promise.all([
    holdAgent(scope, { name: 'main', module: BUSY, flags, logLevel: 'trace', ...startSlowLogReader(scope, random) }),
    holdAgent(scope, { name: 'raw', module: RAW, flags }),
    holdAgent(scope, { name: 'cramped', module: BUSY, flags, wrap: withDescriptors(FEW_DESCRIPTORS) }),
    holdAgent(scope, { name: 'slow', module: SLOW_SETUP, flags }),
    holdAgent(scope, { name: 'changing', module: changingModule.path, flags }),
  ]);
  const diskFolder = join(scope.folder, 'disk');
  const unshare = process.platform === 'linux' && process.getuid?.() === 0 ? findTool('unshare') : undefined;
  if (unshare === undefined) skipped.push('a full disk: a small disk requires root and a mount namespace');
  const disk =
    unshare &&
    (await holdAgent(scope, {
      name: 'disk',
      module: BUSY,
      flags,
      logLevel: 'trace',
      wrap: withSmallDisk(unshare, diskFolder),
      env: { TMPDIR: diskFolder, XDG_CACHE_HOME: diskFolder },
    }));
  return { main, raw, cramped, disk: disk || undefined, diskFolder, slow, changing, changingModule, skipped };
}

/** A shell that mounts the disk in its own namespace and then becomes the agent, which logs to the disk. */
function withSmallDisk(unshare: string, folder: string): string[] {
  const script = `mkdir -p "${folder}" && mount -t tmpfs -o size=${DISK_BYTES} tmpfs "${folder}" &&
    exec "$0" "$@" 2>>"${folder}/log"`;
  return [unshare, '-m', '/bin/sh', '-c', script];
}
