/** Cleanup: removes the files that an upgrade leaves unused, and the unfinished files of an interrupted installation. */
import { readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Layout } from '../installed/layout.ts';
import { removeOtherVersions } from './version-folder.ts';

/** To be called when the new version has answered: an agent has one process, so no process runs another version. */
export async function cleanUp(layout: Layout, hash: string, node: string): Promise<void> {
  await removeOtherVersions(layout.versions, hash);
  for (const name of await readdir(layout.nodes).catch(() => [])) {
    const folder = join(layout.nodes, name);
    if (!node.startsWith(`${folder}/`)) await rm(folder, { recursive: true, force: true });
    else await removeAll(folder, (file) => file !== basename(node));
  }
  await removeUnfinished(layout);
}

/** Removes the temporary files of the link and of the record. Their names end with a number. */
export async function removeUnfinished({ folder, current, record }: Layout): Promise<void> {
  const names = [current, record].map((path) => basename(path));
  await removeAll(folder, (file) => names.some((name) => file.startsWith(`${name}.`) && /\.\d+$/.test(file)));
}

async function removeAll(folder: string, predicate: (name: string) => boolean): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    if (predicate(name)) await rm(join(folder, name), { recursive: true, force: true });
  }
}
