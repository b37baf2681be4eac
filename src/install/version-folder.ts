/**
 * The folder of one version of program and module. Its name is the hash of its contents, which never change. Beside them
 * stands the file that says what the module offers (src/module), which the check of the module writes; and, once another
 * version has replaced it, the record under which it served (src/installed/kept-versions.ts).
 */
import { createHash } from 'node:crypto';
import { constants, lstatSync, readFileSync, statSync } from 'node:fs';
import { chmod, copyFile, link, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { BundleFile } from '../bundle/bundle-file.ts';
import { exists, makePath, type Undo } from './files.ts';

type CopiedFile = Extract<BundleFile, { source: string }>;

/** How many files are written at a time: a package may have thousands. */
const AT_ONCE = 32;

/** The prefix of unfinished folders. */
const UNFINISHED = '.unfinished-';

/** The name of a version's folder. It depends on the contents only. */
export function hashOf(files: readonly BundleFile[]): string {
  const hash = createHash('sha256');
  for (const file of [...files].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    const contents = contentsOf(file);
    hash.update(`${file.path}\0${file.mode}\0${'link' in file}\0${contents.length}\0`);
    hash.update(contents);
  }
  return hash.digest('hex').slice(0, 20);
}

function contentsOf(file: BundleFile): Uint8Array {
  if ('content' in file) return file.content;
  return 'link' in file ? Buffer.from(file.link) : readFileSync(file.source);
}

/**
 * @param folder the parent of all versions.
 * @returns whether the version was missing.
 */
export async function writeVersion(
  folder: string,
  hash: string,
  files: readonly BundleFile[],
  undo: Undo,
): Promise<boolean> {
  const finished = join(folder, hash);
  if (await exists(finished)) return false;
  const unfinished = join(folder, `${UNFINISHED}${hash}-${process.pid}`);
  undo(async () => {
    await rm(unfinished, { recursive: true, force: true });
    await rm(finished, { recursive: true, force: true });
  });
  const others = (await readdir(folder))
    .filter((name) => !name.startsWith(UNFINISHED))
    .map((name) => join(folder, name));
  for (const path of new Set(files.map((file) => dirname(join(unfinished, file.path))))) await makePath(path);
  for (let start = 0; start < files.length; start += AT_ONCE) {
    const some = files.slice(start, start + AT_ONCE);
    const written = await Promise.allSettled(
      some.map((file) => writeBundleFile(join(unfinished, file.path), file, others)),
    );
    // Once none of them is being written any more: what follows removes them.
    for (const each of written) if (each.status === 'rejected') throw each.reason;
  }
  await rename(unfinished, finished);
  return true;
}

async function writeBundleFile(path: string, file: BundleFile, others: readonly string[]): Promise<void> {
  if ('link' in file) return symlink(file.link, path);
  if ('content' in file) await writeFile(path, file.content);
  else if (await linkToSame(path, file, others)) return;
  // A clone where the file system supports it.
  else await copyFile(file.source, path, constants.COPYFILE_FICLONE);
  await chmod(path, file.mode);
}

/**
 * Shares a file with another version of the agent: files of versions do not change. A source is never shared, since an
 * editor may write into it.
 */
async function linkToSame(
  path: string,
  { path: name, mode, source }: CopiedFile,
  others: readonly string[],
): Promise<boolean> {
  for (const other of others) {
    const same = join(other, name);
    try {
      const stats = lstatSync(same);
      if (!stats.isFile() || stats.size !== statSync(source).size || (stats.mode & 0o777) !== mode) continue;
      if (!readFileSync(same).equals(readFileSync(source))) continue;
      await link(same, path);
      return true;
    } catch {
      // It is not there, or the file system has no links to files.
    }
  }
  return false;
}

/** Removes all versions but these, and all unfinished folders. */
export async function removeOtherVersions(folder: string, kept: readonly string[]): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!kept.includes(name)) await rm(join(folder, name), { recursive: true, force: true });
  }
}

/** The size of a file or of a link's target, in bytes. */
export function sizeOf(file: { content: Uint8Array } | { source: string } | { link: string }): number {
  if ('content' in file) return file.content.length;
  return 'link' in file ? Buffer.byteLength(file.link) : statSync(file.source).size;
}
