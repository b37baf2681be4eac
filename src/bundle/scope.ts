/** Whose a file is: the user's own source, or a file of a package. */
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';

const MODULES = `${sep}node_modules${sep}`;

export type Scope = {
  /** Whether a file is not one of a package. The path is real: a linked package of a workspace is the user's own. */
  isOwn(path: string): boolean;
  /** The folder of the package that contains a file. */
  packageOf(path: string): string | undefined;
};

/** @param module the real path of the agent's module. It may itself be in a `node_modules`, as an installed tool is. */
export function createScope(module: string): Scope {
  const home = module.includes(MODULES) ? packageFolderOf(module) : undefined;
  const isOwn = (path: string): boolean => {
    if (home !== undefined && path.startsWith(home + sep)) return !path.slice(home.length).includes(MODULES);
    return !path.includes(MODULES);
  };
  return { isOwn, packageOf: (path) => (isOwn(path) ? undefined : packageFolderOf(path)) };
}

/** By the place in `node_modules`: a package may have further package.json files in its folders. */
function packageFolderOf(path: string): string | undefined {
  const at = path.lastIndexOf(MODULES);
  if (at < 0) return undefined;
  const start = at + MODULES.length;
  const [scope = '', name = ''] = path.slice(start).split(sep);
  return path.slice(0, start) + (scope.startsWith('@') ? join(scope, name) : scope);
}

/** The folders in which Node looks for the packages of a folder's files, nearest first. */
export function moduleFoldersOf(folder: string): string[] {
  const folders: string[] = [];
  for (let at = folder; ; at = dirname(at)) {
    if (!at.endsWith(`${sep}node_modules`)) folders.push(join(at, 'node_modules'));
    if (at === dirname(at)) return folders;
  }
}

/** Finds the folder of a package as Node does for a file in the given folder. The path is as found, links included. */
export function findPackage(name: string, folder: string): string | undefined {
  return moduleFoldersOf(folder)
    .map((modules) => join(modules, name))
    .find((path) => existsSync(path));
}

/** The name of the package in a bare specifier; undefined for other specifiers. */
export function packageNameOf(specifier: string): string | undefined {
  return /^(?:@[\w.~-]+\/)?[\w~-][\w.~-]*(?=\/|$)/.exec(specifier)?.[0];
}

export type PackageJson = {
  name?: string;
  type?: string;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  launchpool?: { include?: unknown };
};

/** The contents of a package.json; nothing for one that is missing or no object. */
export function readPackageJson(folder: string): PackageJson {
  try {
    return Object(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')));
  } catch {
    return {};
  }
}

/** The nearest folder above a file that has a package.json. */
export function nearestPackageFolder(path: string): string | undefined {
  for (let at = dirname(path); ; at = dirname(at)) {
    if (existsSync(join(at, 'package.json'))) return at;
    if (at === dirname(at)) return undefined;
  }
}

export function realPath(path: string): string {
  return existsSync(path) ? realpathSync(path) : path;
}
