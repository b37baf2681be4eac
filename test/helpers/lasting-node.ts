/**
 * This process's Node at a path that the installer accepts as permanent: outside of node_modules and of temporary folders.
 * Saves each test a copy of a hundred megabytes.
 */
import { copyFileSync, linkSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';

export type PlacedNode = { path: string; remove(): void };

/** Links this process's Node into a new folder. */
export function placeNode(): PlacedNode {
  const folder = mkdtempSync('/var/tmp/lp-node-');
  const path = join(folder, 'node');
  try {
    linkSync(process.execPath, path);
  } catch {
    // Another file system.
    copyFileSync(process.execPath, path);
  }
  return { path, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

let own: PlacedNode | undefined;

/** The Node that test/run.ts has placed, or one that is removed when this process exits. */
export function lastingNode(): string {
  if (process.env.LAUNCHPOOL_TEST_NODE !== undefined) return process.env.LAUNCHPOOL_TEST_NODE;
  if (own === undefined) {
    own = placeNode();
    process.once('exit', own.remove);
  }
  return own.path;
}
