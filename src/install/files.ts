/** Writes files so that what was there before can be brought back, and touches none that is as it should be. */
import { chmodSync, existsSync, lstatSync, readFileSync, readlinkSync } from 'node:fs';
import { lstat, mkdir, rename, rm, rmdir, symlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { LaunchpoolError } from '../../wire/errors.ts';

export type Undo = (action: () => Promise<void>) => void;

/**
 * Removes a folder and all in it, if it is there. Whoever writes in it meanwhile, such as a process that keeps its
 * compiled code while it ends, is given half a second to be done.
 */
export function removeTree(path: string): Promise<void> {
  return rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 33 });
}

/** Makes a folder and those above it, of mode 0700. Returns those that it has made, the outermost first. */
export async function makeFolder(path: string, undo: Undo): Promise<string[]> {
  const outermost = await makePath(path);
  if (outermost === undefined) return [];
  const made: string[] = [];
  for (let folder = path; folder.length >= outermost.length; folder = dirname(folder)) made.unshift(folder);
  undo(() => removeEmptyFolders(made));
  return made;
}

/**
 * Makes a folder and those above it, of mode 0700, and says which was the outermost. In a folder that cannot be written
 * to, a recursive mkdir() fails with no more than that the one to be made is not there; and so it does when another
 * process removes one meanwhile.
 */
export async function makePath(path: string, attempts = 5): Promise<string | undefined> {
  try {
    return await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || attempts === 0) throw error;
    let missing = path;
    while (!existsSync(dirname(missing))) missing = dirname(missing);
    const made = await mkdir(missing, { mode: 0o700 }).then(
      () => missing,
      (reason: NodeJS.ErrnoException) => {
        if (reason.code !== 'EEXIST') throw reason;
      },
    );
    const below = await makePath(path, attempts - 1);
    return made ?? below;
  }
}

/** Removes what is empty of these, the innermost first. */
export async function removeEmptyFolders(folders: readonly string[]): Promise<void> {
  for (const folder of [...folders].reverse()) {
    try {
      await rmdir(folder);
    } catch {
      // Somebody else has something in it by now, or has removed it.
    }
  }
}

/**
 * A link gives way to the file, and what it leads to is left as it is: launchd passes over links at login, and a unit is
 * masked by one to /dev/null.
 * @returns whether anything had to be done.
 * @throws ERR_LAUNCHPOOL_INSTALL_FAILED when something is there that is no file
 */
export async function writeText(path: string, text: string, mode: number, undo: Undo): Promise<boolean> {
  const before = readBefore(path);
  if (before?.text === text && (before.mode & 0o777) === mode) return false;
  const link = linkOf(path);
  undo(async () => {
    if (link !== undefined) await replaceLink(path, link);
    else if (before === undefined) await rm(path, { force: true });
    else await writeFileAtomic(path, before.text, { mode: before.mode & 0o777 });
  });
  if (link !== undefined) await rm(path);
  await writeFileAtomic(path, text, { mode });
  // The process's umask has its say when a file is made.
  chmodSync(path, mode);
  return true;
}

/** Whether it is as it should be, without doing anything about it. */
export function hasText(path: string, text: string): boolean {
  try {
    return readBefore(path)?.text === text;
  } catch {
    // To write it will say what is wrong.
    return false;
  }
}

/**
 * In one step: at no moment is there no link.
 * @throws ERR_LAUNCHPOOL_INSTALL_FAILED when something is there that is no link
 */
export async function pointTo(path: string, target: string, undo: Undo): Promise<boolean> {
  const before = linkOf(path);
  if (before === undefined && (await exists(path))) throw inTheWay(path);
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

export function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    // There is none, or something else.
    return undefined;
  }
}

export async function exists(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined;
}

/** Undefined where there is nothing, or a link. */
function readBefore(path: string): { text: string; mode: number } | undefined {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined || stats.isSymbolicLink()) return undefined;
  if (!stats.isFile()) throw inTheWay(path);
  return { text: readFileSync(path, 'utf8'), mode: stats.mode };
}

function inTheWay(path: string): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_INSTALL_FAILED', `something else is at ${path}`, {
    hint: `Move it away, or choose another label.`,
  });
}
