/** Writes files and links. Each write can be undone; a file that is up to date is not written. */
import { chmodSync, lstatSync, readFileSync } from 'node:fs';
import { lstat, mkdir, rename, rm, rmdir, stat, symlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { LaunchpoolError } from '../../wire/errors.ts';
import { linkTargetOf } from '../installed/read-optional.ts';

/** Registers an action that restores the state before. */
export type Undo = (action: () => Promise<void>) => void;

/**
 * Removes a folder and its contents, if it exists. Retries for half a second: a process may still write to the folder,
 * such as an agent that stores its compiled code while it exits.
 */
export function removeTree(path: string): Promise<void> {
  return rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 33 });
}

/** Makes a folder and its parents, with mode 0700. Returns the folders that it has made, the outermost first. */
export async function makeFolder(path: string, undo: Undo): Promise<string[]> {
  const made: string[] = [];
  // Registered first: the last folder may fail after its parents have been made.
  undo(() => removeEmptyFolders(made));
  await makePath(path, made);
  return made;
}

/**
 * Makes a folder and its parents, with mode 0700, one at a time: if two processes make the same path, each learns which
 * folders it has made itself. A recursive mkdir() returns the outermost folder only, and hides the reason of a failure.
 * @param made receives each folder that this call has made.
 */
export async function makePath(path: string, made: string[] = [], attempts = 5): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
    made.push(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const entry = code === 'EEXIST' ? await entryAt(path) : code === 'ENOENT' ? 'none' : 'other';
    if (entry === 'folder') return;
    // Retries, since another process may remove a folder at any time.
    if (entry === 'other' || attempts === 0) throw error;
    await makePath(dirname(path), made, attempts);
    await makePath(path, made, attempts - 1);
  }
}

/** Follows a link. A link without a target is not a folder. */
async function entryAt(path: string): Promise<'folder' | 'other' | 'none'> {
  const own = await lstat(path).catch(() => undefined);
  if (own === undefined) return 'none';
  const entry = own.isSymbolicLink() ? await stat(path).catch(() => undefined) : own;
  return entry?.isDirectory() === true ? 'folder' : 'other';
}

/** The folders that makePath() would make, the outermost first. */
export function missingFolders(path: string): string[] {
  const isPresent = lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  return isPresent || dirname(path) === path ? [] : [...missingFolders(dirname(path)), path];
}

/** Removes the empty folders among these, the innermost first: a folder's path is longer than the paths of its parents. */
export async function removeEmptyFolders(folders: readonly string[]): Promise<void> {
  for (const folder of [...folders].sort((a, b) => b.length - a.length)) {
    try {
      await rmdir(folder);
    } catch {
      // The folder is not empty any more, or another process has removed it.
    }
  }
}

/**
 * Replaces a link by the file, and does not change the link's target: launchd ignores links at login, and a link to
 * /dev/null masks a unit.
 * @returns whether the text or the mode was different.
 * @throws ERR_LAUNCHPOOL_INSTALL_FAILED if the path exists and is neither a file nor a link
 */
export async function writeText(path: string, text: string, mode: number, undo: Undo): Promise<boolean> {
  const before = readBefore(path);
  if (before?.text === text && (before.mode & 0o777) === mode) return false;
  const link = linkTargetOf(path);
  undo(async () => {
    if (link !== undefined) await replaceLink(path, link);
    else if (before === undefined) await rm(path, { force: true });
    else await writeFileAtomic(path, before.text, { mode: before.mode & 0o777 });
  });
  if (link !== undefined) await rm(path);
  await writeFileAtomic(path, text, { mode });
  // The umask applies when a file is made.
  chmodSync(path, mode);
  return true;
}

/** Whether the file has that text. */
export function hasText(path: string, text: string): boolean {
  try {
    return readBefore(path)?.text === text;
  } catch {
    // writeText() reports what is wrong.
    return false;
  }
}

/**
 * Makes or replaces a link. Atomic: the link exists at every moment.
 * @returns whether the target was different.
 * @throws ERR_LAUNCHPOOL_INSTALL_FAILED if the path exists and is not a link
 */
export async function pointTo(path: string, target: string, undo: Undo): Promise<boolean> {
  const before = linkTargetOf(path);
  if (before === undefined && (await exists(path))) throw pathTaken(path);
  if (before === target) return false;
  undo(async () => {
    if (before === undefined) await rm(path, { force: true });
    else await replaceLink(path, before);
  });
  await replaceLink(path, target);
  return true;
}

async function replaceLink(path: string, target: string): Promise<void> {
  const unfinished = `${path}.${process.pid}`;
  await rm(unfinished, { force: true });
  await symlink(target, unfinished);
  await rename(unfinished, path);
}

export async function exists(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined;
}

/** Undefined if the path does not exist, or is a link. */
function readBefore(path: string): { text: string; mode: number } | undefined {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined || stats.isSymbolicLink()) return undefined;
  if (!stats.isFile()) throw pathTaken(path);
  return { text: readFileSync(path, 'utf8'), mode: stats.mode };
}

function pathTaken(path: string): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_INSTALL_FAILED', `another file or folder is at ${path}`, {
    hint: 'Move it away, or choose another label.',
  });
}
