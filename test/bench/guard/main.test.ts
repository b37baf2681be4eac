/** The guard as a program. */
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { asksForGuard, readGuardOptions } from '../../../bench/guard/options.ts';
import type { GuardResults } from '../../../bench/guard/results.ts';
import { SIDES } from '../../../bench/guard/side.ts';
import { runProgram, startProgram } from '../../helpers/program.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { until } from '../../helpers/until.ts';
import { descendantsOf, isAlive } from '../processes.ts';

const MAIN = fileURLToPath(new URL('../../../bench/main.ts', import.meta.url));

test('the guard is asked for by its flag, help by another one', (t) => {
  t.true(asksForGuard(['--guard', 'HEAD~1']));
  t.true(asksForGuard(['--rounds', '20', '--guard=HEAD~1']));
  t.false(asksForGuard(['--guard', 'HEAD~1', '--help']));
  t.false(asksForGuard(['--only', 'throughput']));
});

test('what is not given has a default', (t) => {
  t.deepEqual(readGuardOptions(['--guard', 'HEAD~1']), {
    revision: 'HEAD~1',
    below: 0.97,
    cells: [],
    rounds: 15,
    seconds: 0.15,
    threads: 2,
    json: undefined,
  });
  const given = [
    '--below',
    '0.9',
    '--cells',
    'call,first reply',
    '--rounds',
    '40',
    '--seconds',
    '0.5',
    '--threads',
    '4',
  ];
  t.deepEqual(readGuardOptions(['--guard=v1', ...given, '--json', '/tmp/guard.json']), {
    revision: 'v1',
    below: 0.9,
    cells: ['call', 'first reply'],
    rounds: 40,
    seconds: 0.5,
    threads: 4,
    json: '/tmp/guard.json',
  });
});

for (const [args, message] of [
  [['--cells', '3x3'], /^--cells 3x3: there are idle memory, call, 1x1, /],
  [['--rounds', '5'], /^--rounds 5: an interval of 95 % takes 6 rounds at least/],
  [['--rounds', '7.5'], /^--rounds 7.5: not a whole number/],
  [['--below', '1.2'], /^--below 1.2: not a ratio below 1/],
  [['--below', 'x'], /^--below x: not a number above zero/],
  [['--only', 'throughput'], /--only/],
  [['report'], /report/],
] as const) {
  test(`--guard HEAD ${args.join(' ')} is refused`, (t) => {
    t.throws(() => readGuardOptions(['--guard', 'HEAD', ...args]), { message });
  });
}

test('a revision that does not exist ends the program with 2, for it is no loss', async (t) => {
  const TMPDIR = await tempDir(t);
  const command = [process.execPath, MAIN, '--guard', 'no-such-branch'] as const;
  const { status, stdout, stderr } = await runProgram(command, { env: { ...process.env, TMPDIR } });
  t.is(status, 2);
  t.is(stdout.toString(), '');
  t.is(stderr, 'bench: --guard no-such-branch: there is no such commit in this repository\n');
  t.deepEqual(await readdir(TMPDIR), []);
});

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
    const started = descendantsOf(running.pid);
    t.true(started.length > 0);
    running.signal('SIGINT');
    t.is(await running.ended, 130);
    await until(() => !started.some(isAlive));
    t.deepEqual(await readdir(TMPDIR), []);
  });
}
