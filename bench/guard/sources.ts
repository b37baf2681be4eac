/** The sources of a commit, and of the working tree, in folders of their own. Writes nothing into the repository. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { runToEnd } from '../processes.ts';

/**
 * @returns the full id of the commit.
 * @throws when the commit does not exist.
 */
export async function resolveCommit(root: string, revision: string): Promise<string> {
  const named = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`];
  const { status, stdout } = await runToEnd(['git', '-C', root, ...named]);
  if (status === 0) return stdout.trim();
  const inside = await runToEnd(['git', '-C', root, 'rev-parse', '--git-dir']);
  throw new Error(
    inside.status === 0
      ? `--guard ${revision}: there is no such commit in this repository`
      : `--guard ${revision}: ${root} is not a git checkout`,
  );
}

/** Extracts a commit, or another tree, to a folder that does not exist yet. */
export async function extract(root: string, tree: string, folder: string, env?: NodeJS.ProcessEnv): Promise<void> {
  const archive = `${folder}.tar`;
  await mkdir(folder);
  await succeed(['git', '-C', root, 'archive', `--output=${archive}`, tree], env);
  await succeed(['tar', '-x', '-f', archive, '-C', folder]);
}

/**
 * Extracts the working tree: with uncommitted changes and new files, without ignored files. Git uses an index and a folder
 * of objects beside the target.
 */
export async function extractWorkingTree(root: string, folder: string): Promise<void> {
  const gitFolder = await succeed(['git', '-C', root, 'rev-parse', '--path-format=absolute', '--git-common-dir']);
  const objects = `${folder}.objects`;
  const env = {
    GIT_INDEX_FILE: `${folder}.index`,
    GIT_OBJECT_DIRECTORY: objects,
    GIT_ALTERNATE_OBJECT_DIRECTORIES: join(gitFolder, 'objects'),
  };
  await mkdir(objects);
  await succeed(['git', '-C', root, 'read-tree', 'HEAD'], env);
  await succeed(['git', '-C', root, 'add', '--all', '--', ':(top)'], env);
  // Unlike a folder of packages, linked packages are not ignored.
  await succeed(['git', '-C', root, 'rm', '-r', '--cached', '--quiet', '--ignore-unmatch', '--', 'node_modules'], env);
  await extract(root, await succeed(['git', '-C', root, 'write-tree'], env), folder, env);
}

async function succeed(command: readonly [string, ...string[]], env?: NodeJS.ProcessEnv): Promise<string> {
  const { status, stdout, stderr } = await runToEnd(command, env);
  if (status !== 0) throw new Error(`${command.join(' ')} ended with status ${status}:\n${stderr}`);
  return stdout.trim();
}
