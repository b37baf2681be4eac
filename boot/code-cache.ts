/**
 * Loads a file of the bundle together with the code that V8 has made of it.
 *
 * Node's own compile cache keeps what there is right after a script has been compiled, which of a bundle is hardly more
 * than its outermost function (src/compile_cache.cc in https://github.com/nodejs/node). Here it is kept when the first
 * request has been answered, and has every function that this took. It is as much to be trusted as the program itself,
 * and nobody else may write it.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Script } from 'node:vm';

/** Of the bundle's contents: set when it is made. */
declare const BUILD_ID: string;

/** What Node gives to a CommonJS file; and import(), which a script has only by an experimental option of vm. */
const PARAMETERS = 'exports, require, module, __filename, __dirname, importFromOutside';

export type Loaded<Exports> = {
  exports: Exports;
  /**
   * Writes the code down if it was not there.
   * @throws whatever the file system has against it; nothing is lost but time at the next start.
   */
  save(): void;
};

/**
 * @param filename of the file in question: an absolute path.
 * @param folder where compiled code is kept.
 */
export function loadWithCode<Exports>(filename: string, folder: string): Loaded<Exports> {
  const { version, arch } = process;
  const savedPath = join(folder, `${version}-${arch}`, `${BUILD_ID}-${basename(filename)}.code`);
  const source = `(function (${PARAMETERS}) {${readFileSync(filename, 'utf8')}\n})`;
  const { script, isSaved } = compile(source, filename, readSaved(savedPath));
  const module = { exports: {} as Exports };
  const importFromOutside = (url: string): Promise<unknown> => import(url);
  // Of what stands beside it, hardly anything is ever wanted; all else is found from here as well.
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

/** By itself, so that nothing holds the code that was read when it is not needed any more. */
function compile(
  source: string,
  filename: string,
  cachedData: Buffer | undefined,
): { script: Script; isSaved: boolean } {
  if (cachedData === undefined) return { script: new Script(source, { filename }), isSaved: false };
  const script = new Script(source, { filename, cachedData });
  return { script, isSaved: script.cachedDataRejected === false };
}

/** V8 believes what it is given, and aborts on what it cannot read: so it stands there twice, and is compared. */
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

/** Whole or not at all: others may be reading it, or writing it as well. */
function write(path: string, code: Buffer): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const unfinished = `${path}.${process.pid}-${process.hrtime.bigint()}`;
  try {
    writeFileSync(unfinished, Buffer.concat([code, code]), { mode: 0o600, flag: 'wx' });
    renameSync(unfinished, path);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  }
}
