/** What a module looked for while it was checked, and finds in its project only: an installation leaves it behind. */
import { existsSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { shellWord } from '../../wire/shell-word.ts';
import type { CheckedUses } from '../../workers/task.ts';
import { findPackage, packageNameOf } from '../bundle/scope.ts';

/** How many files of a kind are named. */
const MAX_NAMED = 10;

export type LeftBehindOptions = {
  /** The folder of the installed version that holds the sources, as `root` does: a real path. */
  installed: string;
  /** The folder of the sources. */
  root: string;
  /** The folder of the module's package, to which `--include` is relative. */
  project: string;
  /** The working folder of the agent. */
  workingFolder: string;
};

/** @returns a sentence for each file and package, with what to do. */
export function leftBehind(uses: CheckedUses, options: LeftBehindOptions): string[] {
  const { installed, root, project, workingFolder } = options;
  const missing = new Set<string>();
  const byAbsolutePath = new Set<string>();
  const byWorkingFolder = new Set<string>();
  const packages = new Set<string>();
  /** A module in the home folder itself reads other files of it by right. */
  const hasWorkingFolder = isBelow(workingFolder, project);
  /** The path in the project of what is not among the installed files. */
  const sourceOf = (path: string): string | undefined => {
    if (!isBelow(path, installed) || existsSync(path)) return undefined;
    const source = join(root, relative(installed, path));
    const isIgnored = relative(root, source)
      .split(sep)
      .some((part) => IGNORED.has(part));
    return existsSync(source) && !isIgnored ? source : undefined;
  };
  for (const path of uses.paths) {
    const source = sourceOf(path);
    if (source !== undefined) missing.add(source);
    else if (!isAbsolute(path)) {
      const isThere = existsSync(resolve(workingFolder, path));
      if (!isThere && existsSync(join(project, path)) && isBelow(join(project, path), project))
        byWorkingFolder.add(path);
    } else if (isBelow(path, project) && !isBelow(path, installed) && !hasWorkingFolder && existsSync(path)) {
      byAbsolutePath.add(path);
    }
  }
  for (const { specifier, folder } of uses.imports) {
    const name = packageNameOf(specifier);
    if (name === undefined) {
      const source = sourceOf(resolve(folder, specifier));
      if (source !== undefined) missing.add(source);
    } else if (isBelow(folder, installed) && findPackage(name, folder) === undefined) {
      if (findPackage(name, join(root, relative(installed, folder))) !== undefined) packages.add(name);
    }
  }
  return [
    ...named(packages, (name) => `The package ${name} ${staysBehind(name)}`),
    ...named(missing, (path) => missingNote(relative(project, path))),
    ...named(byWorkingFolder, (path) => workingFolderNote({ path }, workingFolder)),
    ...named(byAbsolutePath, (path) => absolutePathNote(path, relative(project, path))),
  ];
}

function staysBehind(entry: string): string {
  return `stays behind, and the module looks for it: --include ${shellWord(entry)} takes it along.`;
}

function missingNote(name: string): string {
  if (name.startsWith('..')) {
    return `${name} stays behind, and the module looks for it. It is outside of the module's package: copy it into that, and name it there.`;
  }
  // A bare name may be that of a package.
  return `${name} ${staysBehind(packageNameOf(name) === name ? `./${name}` : name)}`;
}

function absolutePathNote(path: string, name: string): string {
  return (
    `${path} is used by its absolute path, which leads nowhere once the project is moved: name it relative to the module,` +
    ` and take it along with --include ${shellWord(name)}.`
  );
}

/**
 * On a path that is resolved from the working folder, which is another one after the installation.
 * @param place of the path in the sources, if it is known.
 */
export function workingFolderNote({ path, place }: { path: string; place?: string }, workingFolder: string): string {
  const url = JSON.stringify(path.startsWith('.') ? path : `./${path}`);
  return (
    `${place === undefined ? '' : `${place}: `}${path} is looked for in the working folder, which is ${workingFolder} once installed:` +
    ` new URL(${url}, import.meta.url) names it beside the module, or --working-directory sets the folder.`
  );
}

/** Folders that tools look for, to learn where they are. */
const IGNORED: ReadonlySet<string> = new Set(['.git', 'node_modules']);

function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === dirname(folder) ? folder : folder + sep);
}

function named(items: ReadonlySet<string>, sentence: (item: string) => string): string[] {
  const all = [...items].sort();
  const rest = all.length - MAX_NAMED;
  return [...all.slice(0, MAX_NAMED).map(sentence), ...(rest > 0 ? [`The same is true of ${rest} more.`] : [])];
}
