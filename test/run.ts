/**
 * Runs the tests, and lists at the end what they could not test on this machine. With LAUNCHPOOL_TEST_ALL set, there must
 * be nothing of that. Most agents in them are started from a build that is made here, which takes a quarter of the time
 * that the sources take: see test/helpers/agent.ts. The arguments are ava's.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '..');
const TOOLS = join(ROOT, 'node_modules', '.bin');
/** Not dist/, which tests of the package make anew meanwhile. Under node_modules, where the packages are found. */
const BUILT = join(ROOT, 'node_modules', '.cache', `launchpool-test-run-${process.pid}`);

const folder = mkdtempSync(join(tmpdir(), 'lp-run-'));
try {
  process.exitCode = run();
} finally {
  for (const made of [folder, BUILT]) rmSync(made, { recursive: true, force: true });
}

function run(): number {
  const list = join(folder, 'not-tested');
  const status = node([join(TOOLS, 'ava'), ...process.argv.slice(2)], {
    ...process.env,
    LAUNCHPOOL_NOT_TESTED: list,
    LAUNCHPOOL_TEST_PROGRAM: process.env.LAUNCHPOOL_TEST_PROGRAM ?? buildProgram(),
  });
  const notTested = existsSync(list) ? readFileSync(list, 'utf8').trim().split('\n').sort() : [];
  if (notTested.length > 0) console.log(`\nNOT TESTED here:\n${notTested.map((line) => `  ${line}\n`).join('')}`);
  return status === 0 && notTested.length > 0 && process.env.LAUNCHPOOL_TEST_ALL ? 1 : status;
}

/** As the package has it, from the sources as they stand. */
function buildProgram(): string {
  const dist = join(BUILT, 'dist');
  mkdirSync(dist, { recursive: true });
  copyFileSync(join(ROOT, 'package.json'), join(BUILT, 'package.json'));
  for (const command of [
    [join(TOOLS, 'tsc'), '-p', join(ROOT, 'tsconfig.build.json'), '--outDir', dist],
    [join(ROOT, 'build', 'runtime.ts'), join(dist, 'runtime')],
  ]) {
    if (node(command) !== 0) throw new Error(`${command.join(' ')} has failed`);
  }
  return join(dist, 'launchpool.cjs');
}

function node(args: readonly string[], env: NodeJS.ProcessEnv = process.env): number {
  return spawnSync(process.execPath, args, { stdio: 'inherit', env }).status ?? 1;
}
