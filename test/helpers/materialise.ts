/** Writes bundles, and the sources of bundles, to the disk. */
import { chmod, copyFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Bundle } from '../../src/bundle/bundle.ts';

/** Returns the path of the file to load. */
export async function materialise({ entry, files }: Bundle, folder: string): Promise<string> {
  for (const file of files) {
    const path = join(folder, file.path);
    await mkdir(dirname(path), { recursive: true });
    if ('link' in file) {
      await symlink(file.link, path);
      continue;
    }
    await ('content' in file ? writeFile(path, file.content) : copyFile(file.source, path));
    await chmod(path, file.mode);
  }
  return join(folder, entry);
}

/** Writes texts by their paths relative to the folder. */
export async function writeTree(folder: string, texts: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(texts)) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
}
