/** Reads the checks of a version: code that was made of the types of its methods when it was installed. */
import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { compileFunction } from 'node:vm';
import { type Checks, checksPath } from '../description/checks-file.ts';

export type FoundChecks = {
  /** The root of the version. */
  folder: string;
  methods: Checks['methods'];
};

/**
 * In the nearest folder above the module that has the file. It runs as code: it must be a file of this user, or of root, which no
 * other user may write.
 * @param module the path of the module.
 */
export function readChecks(module: string): FoundChecks | undefined {
  for (let folder = dirname(module); ; folder = dirname(folder)) {
    const found = statSync(checksPath(folder), { throwIfNoEntry: false });
    if (found !== undefined) return isOwn(found) ? evaluate(folder) : undefined;
    if (folder === dirname(folder)) return undefined;
  }
}

function isOwn({ uid, mode }: { uid: number; mode: number }): boolean {
  return (uid === process.getuid?.() || uid === 0) && (mode & 0o022) === 0;
}

/** Not by require(): the files of the module, which are watched and kept for further threads, are found by it. */
function evaluate(folder: string): FoundChecks | undefined {
  const path = checksPath(folder);
  const exports: Partial<Checks> = {};
  compileFunction(readFileSync(path, 'utf8'), ['exports'], { filename: path })(exports);
  return exports.format === 1 && exports.methods !== undefined ? { folder, methods: exports.methods } : undefined;
}
