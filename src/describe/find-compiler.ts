/** Finds the compiler that the module's own project has. launchpool brings none. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export type FoundCompiler = {
  /** The folder of the package. */
  folder: string;
  version: string;
  /** The API that the version has. */
  api: 'classic' | 'native';
};

/** The version of TypeScript 7 whose API native-api.ts is written for: its authors may change it in any other. */
export const KNOWN_NATIVE = '7.0.2';
/** The first version with all that classic-api.ts uses. */
const FIRST_CLASSIC = 5;
const FIRST_NATIVE = 7;
/** How much of the message of an error a reason has, in characters. */
const MAX_MESSAGE = 300;

/** @param module the real path of the module. @returns the reason if there is none, or none of use. */
export function findCompiler(module: string): FoundCompiler | { reason: string } {
  for (let at = dirname(module); ; at = dirname(at)) {
    const folder = join(at, 'node_modules', 'typescript');
    if (existsSync(join(folder, 'package.json'))) return compilerIn(folder);
    if (at === dirname(at)) return { reason: 'the project of the module has no package typescript' };
  }
}

export function compilerIn(folder: string): FoundCompiler | { reason: string } {
  const version = versionIn(folder);
  const major = Number.parseInt(version, 10);
  if (!(major >= FIRST_CLASSIC)) {
    const what = version === '' ? `the package in ${folder}` : `typescript ${version}`;
    return { reason: `${what} is not one whose API is known: install typescript 5 or later` };
  }
  return { folder, version, api: major < FIRST_NATIVE ? 'classic' : 'native' };
}

function versionIn(folder: string): string {
  try {
    const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version?: unknown };
    return typeof version === 'string' ? version : '';
  } catch {
    return '';
  }
}

/** Why a compiler has not described the module, as one line. @param what what it has thrown, or done: `has ended …`. */
export function failureOf({ version, api }: Pick<FoundCompiler, 'version' | 'api'>, what: unknown): string {
  const known = api === 'native' && version !== KNOWN_NATIVE ? `; ${KNOWN_NATIVE} is known to work` : '';
  const text = typeof what === 'string' ? what : `has failed: ${firstLineOf(what)}`;
  return `typescript ${version} ${text}${known}`;
}

function firstLineOf(error: unknown): string {
  const [line = ''] = String(error).split('\n', 1);
  return line.slice(0, MAX_MESSAGE);
}
