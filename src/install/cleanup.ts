/** Cleanup: removes the files that an upgrade leaves unused, and the unfinished files of an interrupted installation. */
import { readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { keptVersions } from '../installed/kept-versions.ts';
import type { Layout } from '../installed/layout.ts';
import { removeOtherVersions } from './version-folder.ts';

/**
 * To be called when the new version has answered: an agent has one process, so no process runs another version.
 * @param keep how many versions to keep, with the current one.
 * @param jobPaths the paths of the supervisor's files.
 */
export async function cleanUp(
  layout: Layout,
  { hash, node, keep }: { hash: string; node: string; keep: number },
  jobPaths: readonly string[],
): Promise<void> {
  const kept = keptVersions(layout, hash).slice(0, keep - 1);
  await removeOtherVersions(layout.versions, [hash, ...kept.map(({ record }) => record.hash)]);
  const nodes = [node, ...kept.map(({ record }) => record.node.path)];
  for (const name of await readdir(layout.nodes).catch(() => [])) {
    const folder = join(layout.nodes, name);
    const used = nodes.filter((path) => dirname(path) === folder).map((path) => basename(path));
    if (used.length === 0) await rm(folder, { recursive: true, force: true });
    else await removeAll(folder, (file) => !used.includes(file));
  }
  await removeUnfinished([layout.current, layout.record, ...jobPaths]);
}

/** Removes the temporary files of these files and links. A temporary file has the name of the file, and a number. */
export async function removeUnfinished(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const prefix = `${basename(path)}.`;
    await removeAll(dirname(path), (file) => file.startsWith(prefix) && /^\d+$/.test(file.slice(prefix.length)));
  }
}

async function removeAll(folder: string, predicate: (name: string) => boolean): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    if (predicate(name)) await rm(join(folder, name), { recursive: true, force: true });
  }
}
