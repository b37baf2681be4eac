/**
 * The file that says what a module offers, at the root of its version's folder: whether it is a raw or an RPC agent, and
 * which methods it has, with their options. `install` and `dev` write it when they have loaded the module; the agent reads it at
 * its start, before the first byte of a client.
 *
 *     { "format": 1, "entry": "app/rot13.agent.cjs", "kind": "rpc", "methods": ["rot13"] }
 */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { areMethodOptions } from '../../workers/method-options.ts';
import type { ModuleFacts } from '../../workers/task.ts';

export const MODULE_FILE = 'launchpool-module.json';

/** Changes when a program that knows the earlier format could misread the file. */
const FORMAT = 1;

type ModuleFile = ModuleFacts & {
  format: typeof FORMAT;
  /** The path of the module that the file describes, relative to the file's folder. */
  entry: string;
};

/** @param folder the root of the version. @param entry the path of the module, relative to it. */
export function writeModuleFile(folder: string, entry: string, facts: ModuleFacts): void {
  const path = join(folder, MODULE_FILE);
  const unfinished = `${path}.${process.pid}`;
  const content: ModuleFile = { format: FORMAT, entry, ...factsIn(facts) };
  try {
    writeFileSync(unfinished, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o644 });
    renameSync(unfinished, path);
  } finally {
    rmSync(unfinished, { force: true });
  }
}

/**
 * Reads the nearest file in the folders above a module.
 * @param module the real path of the module.
 * @param onUnfit called with the path of a file that is damaged, or does not describe this module.
 * @returns undefined if there is no file, or if it does not describe this module.
 */
export function readModuleFile(module: string, onUnfit?: (path: string) => void): ModuleFacts | undefined {
  for (let folder = dirname(module); ; folder = dirname(folder)) {
    const path = join(folder, MODULE_FILE);
    if (existsSync(path)) {
      const facts = readFacts(path, relative(folder, module));
      if (facts === undefined) onUnfit?.(path);
      return facts;
    }
    if (folder === dirname(folder)) return undefined;
  }
}

/** Whether an agent with this module reads these facts. */
export function hasModuleFile(folder: string, entry: string, facts: ModuleFacts): boolean {
  return isDeepStrictEqual(readModuleFile(join(folder, entry)), factsIn(facts));
}

/** Without what else a record has. */
function factsIn({ kind, methods, methodOptions }: ModuleFacts): ModuleFacts {
  return { kind, methods, ...(methodOptions && { methodOptions }) };
}

function readFacts(path: string, entry: string): ModuleFacts | undefined {
  try {
    const file = JSON.parse(readFileSync(path, 'utf8')) as Partial<ModuleFile> | null;
    if (file?.format !== FORMAT || file.entry !== entry) return undefined;
    const { kind, methods, methodOptions } = file;
    if (kind !== 'raw' && kind !== 'rpc') return undefined;
    if (!Array.isArray(methods) || !methods.every((name) => typeof name === 'string')) return undefined;
    if (methodOptions !== undefined && !areMethodOptions(methodOptions, methods)) return undefined;
    return { kind, methods, ...(methodOptions && { methodOptions }) };
  } catch {
    return undefined;
  }
}
