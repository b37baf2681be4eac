/**
 * The packages that own sources name in a string, to be loaded by another package: a transport, a view engine, a plugin,
 * a driver. A string counts if the project declares a package of that name. In a project that declares none, and in a
 * source that loads by name itself, each package that is there counts.
 */
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { isScript } from './graph.ts';
import type { PackageRequest } from './packages.ts';
import { nearestPackageFolder, packageNameOf, readPackageJson } from './scope.ts';

const STRING = /'([^'\\\n]+)'|"([^"\\\n]+)"|`([^`\\$\n]+)`/g;

const LOADS_BY_NAME =
  /\bcreateRequire\b|\brequire\s*\.|\bimport\.meta\.resolve\b|\bimport\s*\(|\brequire\s*\(\s*[^'"\s]/;

/** @param sources absolute paths of own files. */
export function packagesNamedIn(sources: readonly string[]): PackageRequest[] {
  const declared = new Map<string, ReadonlySet<string>>();
  const requests: PackageRequest[] = [];
  for (const path of sources.filter(isScript)) {
    const folder = nearestPackageFolder(path) ?? '';
    const names = declared.get(folder) ?? declaredIn(folder);
    declared.set(folder, names);
    const source = readFileSync(path, 'utf8');
    const isAny = names.size === 0 || LOADS_BY_NAME.test(source);
    for (const [, single, double, template] of source.matchAll(STRING)) {
      const name = packageNameOf(single ?? double ?? template ?? '');
      if (name !== undefined && (isAny || names.has(name))) requests.push({ name, from: dirname(path) });
    }
  }
  return requests;
}

function declaredIn(folder: string): ReadonlySet<string> {
  const { dependencies, devDependencies, optionalDependencies, peerDependencies } = readPackageJson(folder);
  return new Set(Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies, ...peerDependencies }));
}
