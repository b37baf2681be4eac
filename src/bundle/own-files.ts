/** Finds the user's own files that own sources need at run time, by reading the sources. */
import { existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { type NodeFileTraceReasons, nodeFileTrace } from '@vercel/nft';
import { isScript } from './graph.ts';
import type { Scope } from './scope.ts';
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
  const all = [...new Set([...sources, ...absolute(fileList)])].sort();
  return { all, apart: absolute(apartOf(reasons, new Set(sources))) };
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
