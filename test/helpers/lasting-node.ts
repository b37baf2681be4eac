/** This Node where an installer takes it for one that stays, so that not each test copies a hundred megabytes. */
import { copyFileSync, existsSync, linkSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Outside of node_modules; of a checkout in a folder for what does not last, this one is copied all the same. */
export function lastingNode(): string {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  if (/^(\/private)?\/(tmp|var\/folders)\//.test(root)) return process.execPath;
  const folder = join(root, '.lasting-node', process.version);
  const path = join(folder, 'node');
  if (existsSync(path)) return path;
  mkdirSync(folder, { recursive: true });
  const unfinished = `${path}.${process.pid}`;
  try {
    linkSync(process.execPath, unfinished);
  } catch {
    // Another file system.
    copyFileSync(process.execPath, unfinished);
  }
  renameSync(unfinished, path);
  return path;
}
