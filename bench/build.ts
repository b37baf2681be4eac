/**
 * Compiles the contenders, launchpool among them, from the sources of the working tree. Users run JavaScript too; with
 * types to remove, Node would load more, and use time and memory in every contender.
 */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runToEnd } from './processes.ts';

const ROOT = join(import.meta.dirname, '..');

/**
 * The tree of the checkout in JavaScript. It stands under node_modules, where its files find the packages and no tool
 * searches for sources.
 */
export const BUILT_FOLDER: string = join(ROOT, 'node_modules', '.cache', 'launchpool-bench', String(process.pid));

/**
 * @param root the checkout with the sources of the contenders; the packages are those of this checkout.
 * @param change changes the compiled tree before launchpool's runtime is bundled from it.
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
  // tsc writes JavaScript even if types do not fit.
  if (!existsSync(join(folder, 'bench', 'contenders', 'launchpool.js'))) {
    throw new Error(`tsc ended with status ${status}:\n${stdout}${stderr}`);
  }
  await change?.(folder);
  await bundleRuntime(folder, root);
}

/** Bundles the runtime, as in an installed launchpool. */
async function bundleRuntime(folder: string, root: string): Promise<void> {
  const script = join(root, 'build', 'runtime.ts');
  // An older checkout may lack the script.
  if (!existsSync(script)) return;
  const { status, stderr } = await runToEnd([process.execPath, script, join(folder, 'dist', 'runtime'), folder]);
  if (status !== 0) throw new Error(`${script} ended with status ${status}:\n${stderr}`);
}
