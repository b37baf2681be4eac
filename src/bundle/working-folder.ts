/** Finds the files of a project that own sources name relative to the working folder, which an installation changes. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, join, relative } from 'node:path';
import { isScript } from './graph.ts';
import { nearestPackageFolder } from './scope.ts';

export type WorkingFolderPath = {
  /** As the source gives it. */
  path: string;
  /** `src/agent.ts:12` */
  place: string;
};

/** A path without a part that is known at run time only. */
const STRING = /(?:'([^'\\\n]+)'|"([^"\\\n]+)"|`([^`$\\\n]+)`)/.source;
const FUNCTIONS =
  'readFile|createReadStream|readdir|opendir|open|openAsBlob|stat|exists|access|copyFile|cp|loadEnvFile|readJson';
const CALLS: readonly RegExp[] = [
  new RegExp(`\\b(?:${FUNCTIONS})(?:Sync)?\\s*\\(\\s*${STRING}`, 'g'),
  new RegExp(`\\b(?:join|resolve)\\s*\\(\\s*process\\s*\\.\\s*cwd\\(\\)\\s*,\\s*${STRING}`, 'g'),
  // Not that of require and of import.meta, which start at the source.
  new RegExp(`(?:\\bpath\\s*\\.\\s*|(?<![.\\w]))resolve\\s*\\(\\s*${STRING}`, 'g'),
  /\$\{\s*process\s*\.\s*cwd\(\)\s*\}\/([^`$\\\n'"]+)/g,
];

/** @param sources absolute paths of own sources. */
export function workingFolderPaths(sources: readonly string[]): WorkingFolderPath[] {
  const found = new Map<string, WorkingFolderPath>();
  for (const source of sources.filter(isScript)) {
    const project = nearestPackageFolder(source) ?? dirname(source);
    const text = readFileSync(source, 'utf8');
    for (const match of CALLS.flatMap((call) => [...text.matchAll(call)])) {
      const path = match.slice(1).find((part) => part !== undefined) ?? '';
      const isInside = join(project, path).startsWith(join(project, '/'));
      if (isAbsolute(path) || !isInside || !existsSync(join(project, path))) continue;
      const line = text.slice(0, match.index).split('\n').length;
      const place = `${relative(project, source)}:${line}`;
      found.set(`${place} ${path}`, { path, place });
    }
  }
  return [...found.values()];
}
