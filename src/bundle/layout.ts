/** Lays files out below one folder in their original layout, so that references between them stay valid. */
import { existsSync, lstatSync, realpathSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { APP, type BundleFile } from './bundle-file.ts';
import { type Packages, targetOf } from './packages.ts';
import { nearestPackageFolder } from './scope.ts';

export type LayoutOptions = {
  /** The absolute path of the module. */
  module: string;
  /** The absolute path of the file to load. */
  entry: string;
  /** The contents of new files, by absolute path. */
  written: ReadonlyMap<string, string | Uint8Array>;
  /** The absolute paths of the own files that stay files. */
  own: readonly string[];
  packages: Packages;
};

export type LaidOut = {
  entry: string;
  files: BundleFile[];
  /** The folders of the sources, the widest first: of everything, and of the module's package. */
  folders: string[];
};

export function layOut({ module, entry, written, own, packages }: LayoutOptions): LaidOut {
  const sources = [
    ...new Set([...own, ...packages.files, ...packages.ownFolders.map(packageJsonIn).filter(existsSync)]),
  ];
  const targets = sources.filter(isLink).map((path) => realpathSync(path));
  const root = aboveModules(commonFolder([dirname(module), ...sources.map(dirname), ...targets]));
  const pathOf = (path: string): string => [APP, ...relative(root, path).split(sep)].filter(Boolean).join('/');
  const files = new Map<string, BundleFile>();
  for (const source of sources) {
    const path = pathOf(source);
    if (isLink(source)) files.set(path, { path, mode: 0o644, link: linkTargetOf(source) });
    else files.set(path, { path, mode: modeOf(source), source });
  }
  for (const [target, content] of written) {
    const path = pathOf(target);
    files.set(path, { path, mode: 0o644, content: Buffer.from(content) });
  }
  const folders = [root, nearestPackageFolder(module) ?? dirname(module)];
  return { entry: pathOf(entry), folders, files: [...files.values()].sort((a, b) => (a.path < b.path ? -1 : 1)) };
}

/** Beside own files, Node reads the kind of a script in it, and `imports`; a source may read it too. */
export function packageJsonsOf(own: readonly string[]): string[] {
  const folders = new Set(own.map(nearestPackageFolder));
  return [...folders].flatMap((folder) => (folder === undefined ? [] : [packageJsonIn(folder)]));
}

function packageJsonIn(folder: string): string {
  return join(folder, 'package.json');
}

/** The deepest folder that contains all the paths. */
function commonFolder(paths: readonly string[]): string {
  const [first = [], ...others] = paths.map((path) => path.split(sep));
  const differs = first.findIndex((part, index) => others.some((other) => other[index] !== part));
  return (differs < 0 ? first : first.slice(0, differs)).join(sep) || sep;
}

/** Node finds packages by the name `node_modules` of a folder. */
function aboveModules(folder: string): string {
  const at = folder.lastIndexOf(`${sep}node_modules`);
  return at < 0 || !/^\/node_modules(?:\/@[^/]*)?$/.test(folder.slice(at)) ? folder : folder.slice(0, at) || sep;
}

function linkTargetOf(path: string): string {
  return relative(dirname(path), targetOf(path));
}

function isLink(path: string): boolean {
  return lstatSync(path).isSymbolicLink();
}

function modeOf(path: string): number {
  return (lstatSync(path).mode & 0o100) === 0 ? 0o644 : 0o755;
}
