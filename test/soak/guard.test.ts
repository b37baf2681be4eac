/** The guard as a program that builds and measures two checkouts. */
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import type { GuardResults } from '../../bench/guard/results.ts';
import { SIDES } from '../../bench/guard/side.ts';
import { descendantsOf, isAlive } from '../bench/processes.ts';
import { runProgram, startProgram } from '../helpers/program.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { until } from '../helpers/until.ts';

const MAIN = fileURLToPath(new URL('../../bench/main.ts', import.meta.url));

test('HEAD and this checkout are built and compared, and nothing is left behind', async (t) => {
  t.timeout(600_000);
  const folder = await tempDir(t);
  const TMPDIR = join(folder, 't');
  await mkdir(TMPDIR);
  const json = join(folder, 'guard.json');
  const options = ['--cells', '1x1', '--rounds', '6', '--seconds', '0.02', '--json', json];
  const command = [process.execPath, MAIN, '--guard', 'HEAD', ...options] as const;
  const { status, stdout, stderr } = await runProgram(command, { env: { ...process.env, TMPDIR } });
  const { comparisons, failures, samples, other, rounds } = JSON.parse(await readFile(json, 'utf8')) as GuardResults;
  t.deepEqual(failures, [], stderr);
  const [comparison, ...rest] = comparisons;
  t.deepEqual(rest, []);
  t.is(comparison?.cell, '1x1');
  t.is(rounds, 6);
  t.regex(other.commit, /^[0-9a-f]{40}$/);
  t.is(samples.length % (6 * SIDES.length), 0);
  t.true(samples.some(({ value }) => value > 0));
  // What so short a run finds depends on the machine.
  t.is(status, comparison?.verdict === 'loss' ? 1 : 0);
  t.regex(stdout.toString(), /^cell +other +this .*\n1x1 /);
  t.deepEqual(await readdir(TMPDIR), []);
});

for (const [phase, line] of [
  ['builds', /Builds this checkout/],
  ['measures', /guard, round 1/],
] as const) {
  test(`a guard that is interrupted while it ${phase} ends its processes and removes its files`, async (t) => {
    t.timeout(600_000);
    const TMPDIR = await tempDir(t);
    const command = [process.execPath, MAIN, '--guard', 'HEAD', '--cells', '64 KiB 1x1,first reply'];
    const running = startProgram(t, ['/usr/bin/env', `TMPDIR=${TMPDIR}`, ...command]);
    await running.stderr(line);
    // The line is printed before the first program of this phase starts.
    await until(() => descendantsOf(running.pid).length > 0);
    const started = descendantsOf(running.pid);
    running.signal('SIGINT');
    t.is(await running.ended, 130);
    await until(() => !started.some(isAlive));
    t.deepEqual(await readdir(TMPDIR), []);
  });
}
