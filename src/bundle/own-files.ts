/** Finds the user's own files that own sources need at run time, by reading the sources. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { type NodeFileTraceReasons, nodeFileTrace } from '@vercel/nft';
import { isScript } from './graph.ts';
import { nearestPackageFolder, type Scope } from './scope.ts';
import { toJavaScript } from './to-javascript.ts';

export type OwnFiles = {
  /** All own files that are needed, sources included. Absolute and sorted. */
  all: string[];
  /** Those of them that must be files, although the sources that are given become one file. */
  apart: string[];
};

/**
 * Finds what sources refer to relative to their location, such as `new URL('./words.txt', import.meta.url)`, and what that
 * needs.
 * @param sources absolute paths of own sources.
 */
export async function findOwnFiles(sources: readonly string[], scope: Scope): Promise<OwnFiles> {
  const scripts = sources.filter(isScript);
  const [first = '/'] = scripts;
  const { fileList, reasons } = await nodeFileTrace(scripts, {
    base: '/',
    processCwd: dirname(first),
    readFile: readForTrace,
    ignore: (path) => !scope.isOwn(resolve('/', path)),
  });
  // The tracer names those of all scripts: see layout.ts.
  const absolute = (paths: Iterable<string>): string[] =>
    [...paths]
      .map((path) => resolve('/', path))
      .filter((path) => scope.isOwn(path) && basename(path) !== 'package.json' && isFile(path))
      .sort();
  const named = scripts.flatMap((path) => filesNamedIn(path, scope));
  const all = [...new Set([...sources, ...absolute(fileList), ...named])].sort();
  const apart = new Set([
    ...absolute(apartOf(reasons, new Set(sources))),
    ...named.filter((path) => !sources.includes(path)),
  ]);
  return { all, apart: [...apart].sort() };
}

const USES_LOCATION = /\bimport\.meta\b|\b__dirname\b|\b__filename\b/;
/** The beginning of a string, up to the first character that is a pattern or a part of one: `locales/{{lng}}.json`. */
const PATH = /'([\w.@ /-]+)|"([\w.@ /-]+)|`([\w.@ /-]+)/g;

/**
 * The files below each folder that a source names in a string, and that is beside the source: the names of the files
 * themselves may exist at run time only.
 */
function filesNamedIn(source: string, scope: Scope): string[] {
  const text = readFileSync(source, 'utf8');
  if (!USES_LOCATION.test(text)) return [];
  const folder = dirname(source);
  const home = nearestPackageFolder(source) ?? folder;
  const folders = new Set<string>();
  for (const [, single, double, template] of text.matchAll(PATH)) {
    const [name = ''] = /^.*[^/.](?=\/)|^[^/]*[^/.]$/.exec(single ?? double ?? template ?? '') ?? [];
    const path = resolve(folder, name);
    const isInside = path.startsWith(home + sep) && !folder.startsWith(path);
    if (name !== '' && isInside && isFolder(path)) folders.add(path);
  }
  return [...folders].flatMap(filesBelow).filter((path) => scope.isOwn(path));
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'node_modules' || entry.name === '.git' ? [] : filesBelow(path);
    return entry.isFile() ? [path] : [];
  });
}

function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}

/** The files that are not among the sources, and their dependencies, which may be among the sources too. */
function apartOf(reasons: NodeFileTraceReasons, sources: ReadonlySet<string>): ReadonlySet<string> {
  const apart = new Set<string>();
  const isApart = (path: string): boolean => {
    const reason = reasons.get(path);
    if (reason === undefined || reason.ignored) return false;
    return !sources.has(resolve('/', path)) || [...reason.parents].some((parent) => apart.has(parent));
  };
  for (let before = -1; before !== apart.size; ) {
    before = apart.size;
    for (const path of reasons.keys()) if (isApart(path)) apart.add(path);
  }
  return apart;
}

/** Gives the tracer JavaScript. */
async function readForTrace(path: string): Promise<string | Buffer | null> {
  try {
    const source = await readFile(path);
    return isScript(path) ? ((await toJavaScript(path)) ?? source) : source;
  } catch (error) {
    // The tracer also tries paths that do not exist.
    if (['ENOENT', 'EISDIR', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  }
}
