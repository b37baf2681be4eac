/** Removes what an upgrade has left without use, and what was left by one that was cut short. */
import { readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Layout } from '../installed/layout.ts';
import { removeOtherVersions } from './version-folder.ts';

/** Nobody runs the version before any more when the new one has answered: there is one process at a time. */
export async function cleanUp(layout: Layout, hash: string, node: string): Promise<void> {
  await removeOtherVersions(layout.versions, hash);
  for (const name of await readdir(layout.nodes).catch(() => [])) {
    const folder = join(layout.nodes, name);
    if (!node.startsWith(`${folder}/`)) await rm(folder, { recursive: true, force: true });
    else await removeAll(folder, (file) => file !== basename(node));
  }
  await removeUnfinished(layout);
}

/** What was to take the place of the link and of the record, each under a name with a number. */
export async function removeUnfinished({ folder, current, record }: Layout): Promise<void> {
  const names = [current, record].map((path) => basename(path));
  await removeAll(folder, (file) => names.some((name) => file.startsWith(`${name}.`) && /\.\d+$/.test(file)));
}

async function removeAll(folder: string, isMeant: (name: string) => boolean): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    if (isMeant(name)) await rm(join(folder, name), { recursive: true, force: true });
  }
}
