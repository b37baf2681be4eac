/**
 * Observes which files the code of a thread names to `node:fs`: for `launchpool dev`, which watches them, and for the check
 * of a module, which looks for those that an installation leaves behind. An installed agent runs without it.
 */
import fs, { constants } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { fileURLToPath } from 'node:url';

/** `looked-for`: its state was asked for. `listed`: a folder, for the names in it. `made`: a folder, unless it is there. */
export type FileUse = 'looked-for' | 'read' | 'listed' | 'written' | 'made';

/** @param path as the code gives it: it may be relative to the working folder. */
export type OnFileUse = (use: FileUse, path: string) => void;

/** The use of each path that a function takes, in the order of its parameters. */
const USES: Readonly<Record<string, readonly (FileUse | 'by-flags')[]>> = {
  access: ['looked-for'],
  appendFile: ['written'],
  copyFile: ['read', 'written'],
  cp: ['read', 'written'],
  createReadStream: ['read'],
  createWriteStream: ['written'],
  exists: ['looked-for'],
  link: ['read', 'written'],
  lstat: ['looked-for'],
  mkdir: ['made'],
  mkdtemp: ['written'],
  open: ['by-flags'],
  openAsBlob: ['read'],
  opendir: ['listed'],
  readdir: ['listed'],
  readFile: ['by-flags'],
  rename: ['written', 'written'],
  rm: ['written'],
  rmdir: ['written'],
  stat: ['looked-for'],
  symlink: ['looked-for', 'written'],
  truncate: ['written'],
  unlink: ['written'],
  writeFile: ['written'],
};

type Functions = Record<string, unknown>;

/**
 * From now on, calls `onUse` before each use. The functions of `node:fs` become proxies, which behave as before.
 * @param onUse its errors have no effect.
 */
export function observeFiles(onUse: OnFileUse): void {
  const { promises } = fs;
  for (const [name, uses] of Object.entries(USES)) {
    wrap(fs as unknown as Functions, name, uses, onUse);
    wrap(fs as unknown as Functions, `${name}Sync`, uses, onUse);
    wrap(promises as unknown as Functions, name, uses, onUse);
  }
  syncBuiltinESMExports();
}

function wrap(functions: Functions, name: string, uses: (typeof USES)[string], onUse: OnFileUse): void {
  const original = functions[name];
  if (typeof original !== 'function') return;
  functions[name] = new Proxy(original, {
    apply(target, self, args: unknown[]) {
      try {
        for (const [index, use] of uses.entries()) {
          const path = pathOf(args[index]);
          if (path !== undefined) onUse(use === 'by-flags' ? useByFlags(args[1]) : use, path);
        }
      } catch {
        // For instance, the working folder was removed. The call itself says what is wrong.
      }
      return Reflect.apply(target, self, args);
    },
  });
}

/** Undefined for a descriptor, and for what is no path. */
function pathOf(given: unknown): string | undefined {
  try {
    if (given instanceof URL) return fileURLToPath(given);
  } catch {
    return undefined;
  }
  if (Buffer.isBuffer(given)) return given.toString();
  return typeof given === 'string' && given !== '' ? given : undefined;
}

const WRITES = constants.O_WRONLY | constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC | constants.O_APPEND;

/** @param options the flags of open(), or the options of readFile(). */
function useByFlags(options: unknown): FileUse {
  const flags: unknown = typeof options === 'object' && options !== null ? Reflect.get(options, 'flag') : options;
  if (typeof flags === 'number') return (flags & WRITES) === 0 ? 'read' : 'written';
  // The second parameter of readFile() may be an encoding.
  return typeof flags === 'string' && /^[rwasx]{1,2}\+?$/.test(flags) && !/^(?:r|rs|sr)$/.test(flags)
    ? 'written'
    : 'read';
}
