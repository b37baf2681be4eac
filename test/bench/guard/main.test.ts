/** The options of the guard. */
import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { asksForGuard, readGuardOptions } from '../../../bench/guard/options.ts';
import { runProgram } from '../../helpers/program.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

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
  [['--rounds', '5'], /^--rounds 5: an interval of 95 % needs at least 6 rounds/],
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
