/** The agents of a run under fire: an RPC agent, a raw one, one with few descriptors, one whose log is on a small disk. */
import { join } from 'node:path';
import { findTool } from '../test/helpers/tools.ts';
import { BUSY, type HeldAgent, holdAgent, RAW, withDescriptors } from './agents.ts';
import type { Scope } from './scope.ts';

export type LineUp = {
  main: HeldAgent;
  raw: HeldAgent;
  cramped: HeldAgent;
  disk: HeldAgent | undefined;
  /** The folder of the small disk, as the agent sees it. */
  diskFolder: string;
  skipped: string[];
};

/** Requests that loop for ever are given up quickly, so that there can be many of them. */
const FLAGS: readonly string[] = [
  ...['--threads', '2', '--idle', '0', '--run-timeout', '1', '--cancel-grace', '0.2', '--max-requests', '4000'],
];
const FEW_DESCRIPTORS = 64;
const DISK_BYTES = 256 * 1024;

export async function holdLineUp(scope: Scope): Promise<LineUp> {
  const flags = FLAGS;
  const skipped: string[] = [];
  const [main, raw, cramped] = await Promise.all([
    holdAgent(scope, { name: 'main', module: BUSY, flags }),
    holdAgent(scope, { name: 'raw', module: RAW, flags }),
    holdAgent(scope, { name: 'cramped', module: BUSY, flags, wrap: withDescriptors(FEW_DESCRIPTORS) }),
  ]);
  const diskFolder = scope.folder;
  const unshare = process.platform === 'linux' && process.getuid?.() === 0 ? findTool('unshare') : undefined;
  if (unshare === undefined) skipped.push('a full disk: a small one needs root and a mount namespace of its own');
  const disk =
    unshare &&
    (await holdAgent(scope, {
      name: 'disk',
      module: BUSY,
      flags,
      logLevel: 'trace',
      wrap: smallDisk(unshare, join(diskFolder, 'disk')),
      env: { TMPDIR: join(diskFolder, 'disk'), XDG_CACHE_HOME: join(diskFolder, 'disk') },
    }));
  return { main, raw, cramped, disk: disk || undefined, diskFolder: join(diskFolder, 'disk'), skipped };
}

/** A shell that mounts it where nobody else sees it, and becomes the agent, which logs to it. */
function smallDisk(unshare: string, folder: string): string[] {
  const script = `mkdir -p "${folder}" && mount -t tmpfs -o size=${DISK_BYTES} tmpfs "${folder}" &&
    exec "$0" "$@" 2>>"${folder}/log"`;
  return [unshare, '-m', '/bin/sh', '-c', script];
}
