/** The copy of Node in an agent's folder, and the version of a Node. */
import { constants, lstatSync, statSync } from 'node:fs';
import { chmod, copyFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { LaunchpoolError } from '../../wire/errors.ts';
import { makeFolder, type Undo } from './files.ts';
import { checkNodeVersion } from './node-path.ts';

/** @throws ERR_LAUNCHPOOL_NODE_UNFIT */
export async function versionOf(path: string): Promise<string> {
  // Saves the start of a process.
  if (isThisNode(path)) return checkNodeVersion(path, process.version);
  const { stdout, failed, shortMessage } = await execa(path, ['--version'], {
    reject: false,
    timeout: 30_000,
    env: {},
    extendEnv: false,
  });
  if (!failed) return checkNodeVersion(path, String(stdout));
  throw new LaunchpoolError('ERR_LAUNCHPOOL_NODE_UNFIT', shortMessage ?? `${path} does not run`, {
    hint: 'Choose another Node with --node. If the Node needs libraries beside it, leave out --copy-node.',
  });
}

function isThisNode(path: string): boolean {
  const [other, own] = [path, process.execPath].map((each) => statSync(each, { throwIfNoEntry: false }));
  return other !== undefined && other.dev === own?.dev && other.ino === own.ino;
}

/** The path of the copy of a version. */
export function copyPathOf(nodes: string, version: string): string {
  return join(nodes, `${version}-${process.arch}`, 'node');
}

/**
 * Copies a Node, and checks that the copy runs: a Node that is linked with libraries beside it may not. Some file systems of
 * Linux share the bytes; macOS copies them (https://github.com/libuv/libuv/pull/3987).
 * @returns whether there was no copy before.
 * @throws ERR_LAUNCHPOOL_NODE_UNFIT
 */
export async function copyNode(from: string, to: string, undo: Undo): Promise<boolean> {
  const copy = lstatSync(to, { throwIfNoEntry: false });
  if (copy?.isFile() && copy.size === statSync(from).size) return false;
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
