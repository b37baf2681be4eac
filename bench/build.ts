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

/**
 * @param root the checkout whose contenders these are; its packages are those of this one.
 * @param change is done to the compiled tree before launchpool's runtime is bundled from it.
 */
export async function buildContenders(
  folder: string = BUILT_FOLDER,
  root: string = ROOT,
  change?: (folder: string) => Promise<void>,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }\n');
  const config = join(root, 'bench', 'tsconfig.build.json');
  const tsc = join(ROOT, 'node_modules', '.bin', 'tsc');
  const { status, stdout, stderr } = await runToEnd([tsc, '-p', config, '--outDir', folder]);
  // With types that do not fit there is JavaScript all the same.
  if (!existsSync(join(folder, 'bench', 'contenders', 'launchpool.js'))) {
    throw new Error(`tsc has ended with status ${status}:\n${stdout}${stderr}`);
  }
  await change?.(folder);
  await bundleRuntime(folder, root);
}

/** launchpool runs as it does when it is installed. */
async function bundleRuntime(folder: string, root: string): Promise<void> {
  const script = join(root, 'build', 'runtime.ts');
  // Another checkout may be older.
  if (!existsSync(script)) return;
  const { status, stderr } = await runToEnd([process.execPath, script, join(folder, 'dist', 'runtime'), folder]);
  if (status !== 0) throw new Error(`${script} has ended with status ${status}:\n${stderr}`);
}
