/** Builds an extracted checkout by its own `npm run build`. The layout of its sources does not matter. */
import { readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { runToEnd } from '../processes.ts';

const LOCK = 'package-lock.json';
/** The end of an output contains the failure. */
const OUTPUT_CHARACTERS = 4_000;

/**
 * @param root the checkout whose installed packages are used where the lock file is the same.
 * @param name of the checkout in errors.
 * @returns the path of the built program.
 * @throws with the output of the build when it fails.
 */
export async function buildCheckout(root: string, folder: string, name: string): Promise<string> {
  await providePackages(root, folder, name);
  await npm(['run', 'build'], folder, name);
  const { bin } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as PackageJson;
  const program = typeof bin === 'string' ? bin : bin?.launchpool;
  if (program === undefined) throw new Error(`${name}: its package.json names no program`);
  return join(folder, program);
}

type PackageJson = { bin?: string | { launchpool?: string } };

async function providePackages(root: string, folder: string, name: string): Promise<void> {
  const [own, other] = await Promise.all(
    // Without a lock file, `npm ci` reports it.
    [root, folder].map((each) => readFile(join(each, LOCK), 'utf8').catch(() => each)),
  );
  if (own === other) await symlink(join(root, 'node_modules'), join(folder, 'node_modules'), 'dir');
  // The scripts would build the package, and load a Node without use: both commits run on the Node of this process.
  else await npm(['ci', '--ignore-scripts', '--no-audit', '--no-fund'], folder, name);
}

async function npm(args: readonly string[], cwd: string, name: string): Promise<void> {
  // npm and the compiler would leave a compile cache in the system's temporary folder.
  const env = { NODE_DISABLE_COMPILE_CACHE: '1' };
  const { status, stdout, stderr } = await runToEnd(['npm', ...args], env, { cwd, group: true });
  if (status === 0) return;
  const output = `${stdout}${stderr}`.trim().slice(-OUTPUT_CHARACTERS);
  throw new Error(`${name} cannot be built: npm ${args[0]} ended with status ${status}:\n${output}`);
}
