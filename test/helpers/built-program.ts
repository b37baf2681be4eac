/** The program as the package ships it. */
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import test from 'ava';
import { runProgram } from './program.ts';

const ROOT = resolve(import.meta.dirname, '..', '..');

/** To be called while tests are declared. Builds the program before the first test, unless test/run.ts has built it. */
export function builtProgram(): string {
  if (process.env.LAUNCHPOOL_TEST_PROGRAM !== undefined) return process.env.LAUNCHPOOL_TEST_PROGRAM;
  // Under node_modules, where the bundle finds its external packages.
  const folder = join(ROOT, 'node_modules', '.cache', `launchpool-test-${process.pid}`);
  test.before(async (t) => {
    t.timeout(120_000);
    const build = [process.execPath, join(ROOT, 'build', 'runtime.ts'), join(folder, 'runtime')] as const;
    const { status, stderr } = await runProgram(build);
    if (status !== 0) throw new Error(stderr);
  });
  test.after.always(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'launchpool.cjs');
}
