/** Takes the Node along with an agent, and asks it for its version. */
import { constants, lstatSync, statSync } from 'node:fs';
import { chmod, copyFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { LaunchpoolError } from '../../wire/errors.ts';
import { makeFolder, type Undo } from './files.ts';
import { checkNodeVersion } from './node-path.ts';

/** @throws ERR_LAUNCHPOOL_NODE_UNFIT */
export async function versionOf(path: string): Promise<string> {
  // It says so without being started.
  if (isThisNode(path)) return checkNodeVersion(path, process.version);
  const { stdout, failed, shortMessage } = await execa(path, ['--version'], {
    reject: false,
    timeout: 30_000,
    env: {},
    extendEnv: false,
  });
  if (!failed) return checkNodeVersion(path, String(stdout));
  throw new LaunchpoolError('ERR_LAUNCHPOOL_NODE_UNFIT', shortMessage ?? `${path} does not run`, {
    hint: 'Give the path of a Node with --node, or, if it is a copy that does not run by itself, leave --copy-node out.',
  });
}

function isThisNode(path: string): boolean {
  const [its, own] = [path, process.execPath].map((each) => statSync(each, { throwIfNoEntry: false }));
  return its !== undefined && its.dev === own?.dev && its.ino === own.ino;
}

/** Where a copy of that version goes. */
export function copyPathOf(nodes: string, version: string): string {
  return join(nodes, `${version}-${process.arch}`, 'node');
}

/**
 * Copies it, by clone where the file system can do that, and makes sure that the copy runs: one that is linked with
 * libraries beside it may not.
 * @returns whether it had to be copied.
 */
export async function copyNode(from: string, to: string, undo: Undo): Promise<boolean> {
  const there = lstatSync(to, { throwIfNoEntry: false });
  if (there?.isFile() && there.size === statSync(from).size) return false;
  await makeFolder(join(to, '..'), undo);
  undo(() => rm(to, { force: true }));
  const unfinished = `${to}.${process.pid}`;
  undo(() => rm(unfinished, { force: true }));
  await copyFile(from, unfinished, constants.COPYFILE_FICLONE);
  await chmod(unfinished, 0o755);
  await versionOf(unfinished);
  await rename(unfinished, to);
  return true;
}
