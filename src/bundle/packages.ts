/**
 * The packages of an agent, whole: those that its own sources import, with the dependencies that their package.json names,
 * peers and optional ones too, and what they import without naming it.
 */
import { existsSync, lstatSync, readdirSync, readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import type { Graph } from './graph.ts';
import { findPackage, packageNameOf, readPackageJson, realPath, type Scope } from './scope.ts';

export type Packages = {
  /** The absolute paths of files, and of links to folders of packages. */
  files: string[];
  /** The real folders of linked packages that are the user's own. */
  ownFolders: string[];
};

export type PackageRequest = {
  name: string;
  /** The folder of the file that names it. */
  from: string;
};

export function collectPackages(requests: readonly PackageRequest[], graph: Graph, scope: Scope): Packages {
  const links = new Set<string>();
  const folders = new Set<string>();
  const ownFolders = new Set<string>();
  const undeclared = undeclaredOf(graph, scope);
  const waiting = [...requests];
  for (let request = waiting.pop(); request !== undefined; request = waiting.pop()) {
    const found = findPackage(request.name, request.from);
    // Optional dependencies, and peers, may be missing.
    if (found === undefined) continue;
    const folder = realPath(found);
    for (const link of linksTo(found)) links.add(link);
    if (scope.isOwn(folder)) {
      ownFolders.add(folder);
      continue;
    }
    if (folders.has(folder)) continue;
    folders.add(folder);
    if (needsDependencies(request.name, graph)) {
      for (const name of dependenciesOf(folder)) waiting.push({ name, from: folder });
    }
    waiting.push(...(undeclared.get(folder) ?? []));
  }
  const roots = [...folders].filter((folder) => !isInside(folder, folders));
  return { files: [...links, ...roots.flatMap(filesIn)], ownFolders: [...ownFolders] };
}

/** `launchpool/handler` and `launchpool/client` need no package; the rest of launchpool needs its compiler too. */
function needsDependencies(name: string, { files }: Graph): boolean {
  if (name !== 'launchpool') return true;
  return [...files.values()].some(({ edges }) => edges.some(({ specifier }) => specifier === name));
}

function dependenciesOf(folder: string): string[] {
  const { dependencies, optionalDependencies, peerDependencies } = readPackageJson(folder);
  return Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies });
}

/** What the files of packages import, by the folders of the packages. */
function undeclaredOf(graph: Graph, scope: Scope): Map<string, PackageRequest[]> {
  const found = new Map<string, PackageRequest[]>();
  for (const { path, edges } of graph.files.values()) {
    const folder = scope.packageOf(path);
    if (folder === undefined) continue;
    const requests = found.get(folder) ?? [];
    for (const { specifier, path: to } of edges) {
      const name = packageNameOf(specifier);
      if (to === undefined || name === undefined || scope.packageOf(to) === folder) continue;
      requests.push({ name, from: folder });
    }
    found.set(folder, requests);
  }
  return found;
}

/** Whether a folder is within another one of the set, which has its files then. */
function isInside(folder: string, folders: ReadonlySet<string>): boolean {
  for (let at = folder.lastIndexOf(sep); at > 0; at = folder.lastIndexOf(sep, at - 1)) {
    if (folders.has(folder.slice(0, at))) return true;
  }
  return false;
}

/** The links on the way to a package: its `node_modules`, its scope, its own folder, and those to which they lead. */
function linksTo(path: string): string[] {
  const at = path.lastIndexOf(`${sep}node_modules${sep}`);
  const parts = path.slice(at + 1).split(sep);
  for (let count = 1; count <= parts.length; count += 1) {
    const link = join(path.slice(0, at), ...parts.slice(0, count));
    if (!lstatSync(link).isSymbolicLink()) continue;
    const rest = join(targetOf(link), ...parts.slice(count));
    return [link, ...(rest.includes(`${sep}node_modules${sep}`) ? linksTo(rest) : [])];
  }
  return [];
}

/** One step only. The folder of the result has no links. */
export function targetOf(link: string): string {
  const target = resolve(dirname(link), readlinkSync(link));
  return join(realpathSync(dirname(target)), basename(target));
}

/** All files of a package, with the packages in its own `node_modules`, and without the links to their commands. */
function filesIn(folder: string): string[] {
  const files: string[] = [];
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!path.endsWith(`${sep}node_modules${sep}.bin`)) files.push(...filesIn(path));
    } else if (entry.isFile()) files.push(path);
    else if (entry.isSymbolicLink() && existsSync(path) && realPath(path).startsWith(folder + sep)) files.push(path);
  }
  return files;
}
