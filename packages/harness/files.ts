/** Sizes of folders, and the folders of the sources out of the way. */
import { existsSync, lstatSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
/** What an installed agent must do without. */
const SOURCES = ['node_modules', '.stage'];

const hiddenName = (name: string): string => join(ROOT, `.hidden-${name.replace('.', '')}`);

/** Runs while the sources and their packages have other names. */
export async function withoutSources<Value>(run: () => Promise<Value>): Promise<Value> {
  for (const name of SOURCES) renameSync(join(ROOT, name), hiddenName(name));
  try {
    return await run();
  } finally {
    restoreSources();
  }
}

/** Also after a run that was interrupted. */
export function restoreSources(): void {
  for (const name of SOURCES) {
    if (existsSync(hiddenName(name)) && !existsSync(join(ROOT, name))) renameSync(hiddenName(name), join(ROOT, name));
  }
}

/** In bytes; a file with several names counts once. */
export function sizeOf(folder: string): number {
  const seen = new Set<number>();
  let bytes = 0;
  for (const { parentPath, name } of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const { ino, size, ...stats } = lstatSync(join(parentPath, name));
    if (seen.has(ino) || (stats.mode & 0o170000) !== 0o100000) continue;
    seen.add(ino);
    bytes += size;
  }
  return bytes;
}
