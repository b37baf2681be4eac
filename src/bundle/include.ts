/** What goes along because the user says so: files and packages that code names only when it runs. */
// As an object: an old Node has no globSync, and would fail before wire/node-version.ts says why.
import fs, { existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { LaunchpoolError } from '../../wire/errors.ts';
import type { PackageRequest } from './packages.ts';
import { findPackage, nearestPackageFolder, packageNameOf, readPackageJson } from './scope.ts';

export type Included = {
  /** Absolute paths. */
  files: string[];
  packages: PackageRequest[];
};

/**
 * Reads `launchpool.include` of the project's package.json, and finds what it and the given entries name. An entry is the
 * name of an installed package, or a pattern of files, relative to the folder of the package.json.
 * @throws ERR_LAUNCHPOOL_MODULE_NOT_LOADED for an entry without a package and without a file.
 */
export function findIncluded(module: string, given: readonly string[]): Included {
  const folder = nearestPackageFolder(module) ?? dirname(module);
  const files = new Set<string>();
  const packages: PackageRequest[] = [];
  for (const entry of new Set([...entriesIn(folder), ...given])) {
    if (packageNameOf(entry) === entry && findPackage(entry, dirname(module)) !== undefined) {
      packages.push({ name: entry, from: dirname(module) });
      continue;
    }
    const found = filesOf(entry, folder);
    if (found.length === 0) throw nothingFor(entry, folder);
    for (const path of found) files.add(path);
  }
  return { files: [...files].sort(), packages };
}

function entriesIn(folder: string): readonly string[] {
  const { include } = readPackageJson(folder).launchpool ?? {};
  if (include === undefined) return [];
  if (Array.isArray(include) && include.every((entry) => typeof entry === 'string')) return include;
  throw new LaunchpoolError(
    'ERR_LAUNCHPOOL_MODULE_NOT_LOADED',
    `"launchpool": { "include" } in ${join(folder, 'package.json')} is not an array of strings`,
    { hint: 'Write for instance "launchpool": { "include": ["locales/**", "pino-pretty"] }.' },
  );
}

/** A folder stands for all of its files. */
function filesOf(pattern: string, folder: string): string[] {
  // A name may have characters of patterns in it: `[id].json`.
  const paths = existsSync(resolve(folder, pattern)) ? [pattern] : fs.globSync(pattern, { cwd: folder });
  const found = paths.map((path) => resolve(folder, path));
  const inside = found.filter((path) => path.startsWith(join(folder, '/')) && !path.includes('/node_modules/'));
  return inside.flatMap((path) => {
    if (!statSync(path).isDirectory()) return [path];
    return fs
      .globSync('**/*', { cwd: path })
      .map((each) => join(path, each))
      .filter((each) => statSync(each).isFile() && !each.includes('/node_modules/'));
  });
}

function nothingFor(entry: string, folder: string): LaunchpoolError {
  return new LaunchpoolError(
    'ERR_LAUNCHPOOL_MODULE_NOT_LOADED',
    `include names ${JSON.stringify(entry)}, which is no installed package, and matches no file in ${folder}`,
    { hint: `Install the package, or correct the entry: a pattern is relative to ${folder}.` },
  );
}
