/** Removes what an upgrade has left without use. */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Layout } from './layout.ts';
import { removeOtherVersions } from './version-folder.ts';

/** Nobody runs the version before any more when the new one has answered: there is one process at a time. */
export async function tidy(layout: Layout, hash: string, node: string): Promise<void> {
  await removeOtherVersions(layout.versions, [hash]);
  for (const name of await readdir(layout.nodes).catch(() => [])) {
    const folder = join(layout.nodes, name);
    if (!node.startsWith(`${folder}/`)) await rm(folder, { recursive: true, force: true });
  }
}
