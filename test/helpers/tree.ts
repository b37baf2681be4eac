/** The contents of a folder, for comparisons. */
import { hash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join, relative } from 'node:path';

/** Each entry below the folder, with its mode, and its contents, or its size if it is large. */
export function treeOf(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .map(({ parentPath, name }) => join(parentPath, name))
    .flatMap((path) => lineOf(path, relative(folder, path)) ?? [])
    .sort();
}

/** Undefined for an entry that has been removed since: agents write compiled code to a temporary name first. */
function lineOf(path: string, name: string): string | undefined {
  try {
    const stats = lstatSync(path);
    const what = stats.isSymbolicLink()
      ? `-> ${readlinkSync(path)}`
      : !stats.isFile()
        ? ''
        : stats.size > 100_000
          ? `${stats.size} bytes`
          : readFileSync(path, 'base64');
    return `${name} ${stats.mode.toString(8)} ${stats.mtimeMs * Number(stats.isFile())} ${what}`;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The contents of a folder without times and without the files that agents write. Short lines, for readable differences. */
export function tracesIn(home: string): string[] {
  return treeOf(home)
    .filter((line) => !/\/cache[ /]|\/agent\.log |\/current\//.test(line))
    .map((line) => line.replace(/( \d+) [\d.]+ /, '$1 '))
    .map((line) => (line.length <= 200 ? line : `${line.slice(0, 160)}… ${hash('sha256', line)}`));
}
