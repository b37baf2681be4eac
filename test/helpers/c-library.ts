/** Shared libraries for tests, compiled with the system's own C compiler. */
import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { fixture } from './agent.ts';
import { runProgram } from './program.ts';
import { tempDir } from './temp-dir.ts';

/** What has been compiled: to start the compiler costs more than most tests that need it. */
const compiled = new Map<string, Promise<Buffer>>();

/**
 * Compiles a C file of test/fixtures; each call gives a library with memory of its own. Throws where there is no `cc`.
 * @param defines strings for the preprocessor.
 */
export async function compileLibrary(
  t: ExecutionContext,
  source: string,
  defines: Readonly<Record<string, string>> = {},
): Promise<string> {
  const library = join(await tempDir(t), `${basename(source, '.c')}.so`);
  const key = JSON.stringify([source, defines]);
  const known = compiled.get(key) ?? compile(library, source, defines);
  compiled.set(key, known);
  await writeFile(library, await known);
  return library;
}

async function compile(library: string, source: string, defines: Readonly<Record<string, string>>): Promise<Buffer> {
  const values = Object.entries(defines).map(([name, value]) => `-D${name}="${value}"`);
  const flags = ['-shared', '-fPIC', '-Wall', '-Werror'];
  const { status, stderr } = await runProgram(['cc', ...flags, ...values, '-o', library, fixture(source), '-ldl']);
  if (status !== 0) throw new Error(`cc ${source}: ${stderr}`);
  return readFile(library);
}

/** The environment in which a program loads that library before all others. */
export function preloaded(library: string): NodeJS.ProcessEnv {
  return { ...process.env, [process.platform === 'darwin' ? 'DYLD_INSERT_LIBRARIES' : 'LD_PRELOAD']: library };
}
