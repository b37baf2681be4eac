/** examples/opentelemetry: one trace over a client and two agents. Needs `npm ci --prefix examples/opentelemetry`. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import test from 'ava';
import { notTested } from '../helpers/not-tested.ts';
import { runProgram } from '../helpers/program.ts';

const ROOT = resolve(import.meta.dirname, '..', '..');
const EXAMPLE = join(ROOT, 'examples', 'opentelemetry');
const isInstalled = existsSync(join(EXAMPLE, 'node_modules', '@opentelemetry', 'sdk-trace'));

/** The lines of a trace, without times and in a fixed order of siblings. */
function linesOf(trace: string): string[] {
  const lines = trace.split('\n').filter((line) => line.startsWith('  '));
  return lines.map((line) => line.replace(/ [\d.]+ ms/, ''));
}

test('the example prints one trace for each call, with the spans of all programs', async (t) => {
  if (!isInstalled) return notTested(t, 'needs npm ci --prefix examples/opentelemetry');
  const { status, stdout, stderr } = await runProgram([process.execPath, join(EXAMPLE, 'main.ts')]);
  t.is(stderr, '');
  t.is(status, 0);
  const [replies = '', good = '', failed = '', ...more] = stdout.toString().split(/^trace [0-9a-f]{32}$/m);
  t.is(replies.trim(), 'HELLO, YOU\ntoo long to shout');
  t.deepEqual(more, []);
  const spans = ['  CLIENT greet', '    INTERNAL greet', '    SERVER greet', '      CLIENT shout'];
  const below = ['        INTERNAL shout', '        SERVER shout'];
  t.deepEqual(linesOf(good).toSorted(), [...spans, ...below].toSorted());
  t.deepEqual(linesOf(failed).toSorted(), [...spans, ...below].map((line) => `${line} RangeError`).toSorted());
});

test('the example passes the compiler', async (t) => {
  if (!isInstalled) return notTested(t, 'needs npm ci --prefix examples/opentelemetry');
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const { status, stdout } = await runProgram([process.execPath, tsc, '-p', EXAMPLE]);
  t.is(status, 0, stdout.toString());
});
