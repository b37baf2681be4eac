/**
 * Compiles the contenders, launchpool among them, from the sources as they stand. Users run JavaScript too, and what
 * Node loads to strip types would count as memory and time of every contender.
 */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runToEnd } from './processes.ts';

const ROOT = join(import.meta.dirname, '..');

/**
 * The tree of the checkout in JavaScript. It stands under node_modules, where its files find the packages and nobody
 * looks for sources.
 */
export const BUILT_FOLDER: string = join(ROOT, 'node_modules', '.cache', 'launchpool-bench', String(process.pid));

/** @param root the checkout whose contenders these are; its packages are those of this one. */
export async function buildContenders(folder: string = BUILT_FOLDER, root: string = ROOT): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }\n');
  const config = join(root, 'bench', 'tsconfig.build.json');
  const tsc = join(ROOT, 'node_modules', '.bin', 'tsc');
  const { status, stdout, stderr } = await runToEnd([tsc, '-p', config, '--outDir', folder]);
  // With types that do not fit there is JavaScript all the same.
  if (existsSync(join(folder, 'bench', 'contenders', 'launchpool.js'))) return;
  throw new Error(`tsc has ended with status ${status}:\n${stdout}${stderr}`);
}
