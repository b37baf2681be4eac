/** `npm run release` packs and checks, and a dry run changes nothing. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import test from 'ava';
import { runProgram } from '../helpers/program.ts';

const ROOT = resolve(import.meta.dirname, '..', '..');
const SCRIPT = join(ROOT, 'build', 'release.ts');
const FILES = ['package.json', 'package-lock.json', 'CHANGELOG.md'];

const contents = (): string[] => FILES.map((name) => readFileSync(join(ROOT, name), 'utf8'));

test('a dry run packs and checks in a copy, and changes nothing', async (t) => {
  t.timeout(3 * 60_000);
  const before = contents();
  const { status, stdout, stderr } = await runProgram([process.execPath, SCRIPT, '99.0.0', '--dry-run'], { cwd: ROOT });
  t.is(stdout.toString(), 'launchpool-99.0.0.tgz: packed and checked, and removed again (--dry-run).\n', stderr);
  t.is(status, 0);
  t.deepEqual(contents(), before);
  t.false(existsSync(join(ROOT, 'launchpool-99.0.0.tgz')));
});

for (const [args, message] of [
  [['0.0.1', '--dry-run'], /^release: 0\.0\.1 is not later than /],
  [['1.0', '--dry-run'], /^release: not a version of three numbers: 1\.0\n$/],
  [[], /^release: npm run release -- VERSION \[--dry-run\]\n$/],
  [['1.0.0', '--force'], /^release: Unknown option '--force'/],
] as const) {
  test(`${args.join(' ') || 'no argument'} is refused`, async (t) => {
    const { status, stderr } = await runProgram([process.execPath, SCRIPT, ...args], { cwd: ROOT });
    t.is(status, 1);
    t.regex(stderr, message);
  });
}
