/**
 * Ships in the bundle, and runs before the agent and each thread: loads a file together with its compiled code.
 *
 * Node's own compile cache saves the code right after a script is compiled. Of a bundle, that is little more than its
 * outermost function (src/compile_cache.cc in https://github.com/nodejs/node). This cache saves the code after the first
 * reply, with every function that the reply needed. The code is as trusted as the program, and no other user may write it.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Script } from 'node:vm';
import { makeFolder } from '../src/make-folder.ts';

/** Hash of the bundle's contents, set by the build. */
declare const BUILD_ID: string;

/** The parameters that Node gives to a CommonJS file; and import(), which vm scripts have only experimentally. */
const PARAMETERS = 'exports, require, module, __filename, __dirname, importFromOutside';

export type Loaded<Exports> = {
  exports: Exports;
  /**
   * Saves the compiled code unless it was loaded.
   * @throws any error of the file system; the next start is slower then
   */
  save(): void;
};

/**
 * @param filename absolute path.
 * @param folder folder of the compiled code.
 */
export function loadWithCode<Exports>(filename: string, folder: string): Loaded<Exports> {
  const { version, arch } = process;
  const savedPath = join(folder, `${version}-${arch}`, `${BUILD_ID}-${basename(filename)}.code`);
  const source = `(function (${PARAMETERS}) {${readFileSync(filename, 'utf8')}\n})`;
  const { script, isSaved } = compile(source, filename, readSaved(savedPath));
  const module = { exports: {} as Exports };
  const importFromOutside = (url: string): Promise<unknown> => import(url);
  // Only relative paths depend on the file, and they are rare: so createRequire() is rarely called.
  const requireFrom = (name: string): unknown =>
    (name.startsWith('.') ? process.getBuiltinModule('node:module').createRequire(filename) : require)(name);
  script.runInThisContext()(module.exports, requireFrom, module, filename, dirname(filename), importFromOutside);
  return {
    exports: module.exports,
    save() {
      if (!isSaved) write(savedPath, script.createCachedData());
    },
  };
}

/** A function of its own, so that the saved code can be collected after the compilation. */
function compile(
  source: string,
  filename: string,
  cachedData: Buffer | undefined,
): { script: Script; isSaved: boolean } {
  if (cachedData === undefined) return { script: new Script(source, { filename }), isSaved: false };
  const script = new Script(source, { filename, cachedData });
  return { script, isSaved: script.cachedDataRejected === false };
}

/** V8 does not verify the code, and aborts on damaged code. So the file holds the code twice, and both copies must match. */
function readSaved(path: string): Buffer | undefined {
  let twice: Buffer;
  try {
    twice = readFileSync(path);
  } catch {
    return undefined;
  }
  const half = twice.length / 2;
  const once = twice.subarray(0, Math.floor(half));
  return half > 0 && once.equals(twice.subarray(Math.floor(half))) ? once : undefined;
}

/** Writes the file atomically: other processes may read or write it at the same time. */
function write(path: string, code: Buffer): void {
  makeFolder(dirname(path));
  const unfinished = `${path}.${process.pid}-${process.hrtime.bigint()}`;
  try {
    writeFileSync(unfinished, Buffer.concat([code, code]), { mode: 0o600, flag: 'wx' });
    renameSync(unfinished, path);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  }
}
