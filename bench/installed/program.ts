/** The command line as the package ships it, for questions about its verbs. */
import { existsSync } from 'node:fs';
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { BUILT_FOLDER } from '../build.ts';
import { runToEnd } from '../processes.ts';

const ROOT = join(import.meta.dirname, '..', '..');

let built: Promise<string> | undefined;

/** The path of the program. It is built once in a run, below the folder that the run removes. */
export function builtProgram(): Promise<string> {
  built ??= buildProgram(join(BUILT_FOLDER, 'program'));
  return built;
}

async function buildProgram(folder: string): Promise<string> {
  const dist = join(folder, 'dist');
  await mkdir(dist, { recursive: true });
  await copyFile(join(ROOT, 'package.json'), join(folder, 'package.json'));
  const tsc = join(ROOT, 'node_modules', '.bin', 'tsc');
  const compiled = await runToEnd([tsc, '-p', join(ROOT, 'tsconfig.build.json'), '--outDir', dist]);
  const bundled = await runToEnd([process.execPath, join(ROOT, 'build', 'runtime.ts'), join(dist, 'runtime')]);
  const program = join(dist, 'launchpool.cjs');
  if (existsSync(program) && bundled.status === 0) return program;
  throw new Error(`the program cannot be built:\n${compiled.stdout}${compiled.stderr}${bundled.stderr}`);
}
