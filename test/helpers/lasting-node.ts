/**
 * This Node where an installer takes it for one that stays, so that not each test copies a hundred megabytes: outside of
 * node_modules, and of the folders for what does not last, in which the checkout itself may be.
 */
import { copyFileSync, linkSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';

export type PlacedNode = { path: string; remove(): void };

/** In a folder of its own. */
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

/** The one that test/run.ts has placed, or one that goes with this process. */
export function lastingNode(): string {
  if (process.env.LAUNCHPOOL_TEST_NODE !== undefined) return process.env.LAUNCHPOOL_TEST_NODE;
  if (own === undefined) {
    own = placeNode();
    process.once('exit', own.remove);
  }
  return own.path;
}
