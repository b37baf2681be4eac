/** What is in a folder, to be compared with what was in it. */
import { hash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join, relative } from 'node:path';

/** Each entry below the folder, with its mode, and its contents or, of what is long, its size. */
export function treeOf(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .map(({ parentPath, name }) => {
      const path = join(parentPath, name);
      const stats = lstatSync(path);
      const what = stats.isSymbolicLink()
        ? `-> ${readlinkSync(path)}`
        : !stats.isFile()
          ? ''
          : stats.size > 100_000
            ? `${stats.size} bytes`
            : readFileSync(path, 'base64');
      return `${relative(folder, path)} ${stats.mode.toString(8)} ${stats.mtimeMs * Number(stats.isFile())} ${what}`;
    })
    .sort();
}

/** What is in a folder, whenever it was written, but for what agents write there themselves. Short, to be read in a difference. */
export function tracesIn(home: string): string[] {
  return treeOf(home)
    .filter((line) => !/\/cache[ /]|\/agent\.log |\/current\//.test(line))
    .map((line) => line.replace(/( \d+) [\d.]+ /, '$1 '))
    .map((line) => (line.length <= 200 ? line : `${line.slice(0, 160)}… ${hash('sha256', line)}`));
}
