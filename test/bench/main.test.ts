/** The bench as a program: its options, its help and its questions. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { readLineUp } from '../../bench/line-up.ts';
import { HELP, readOptions } from '../../bench/options.ts';
import { planRun } from '../../bench/plan.ts';
import { QUESTIONS } from '../../bench/questions/index.ts';
import { runProgram } from '../helpers/program.ts';

const MAIN = fileURLToPath(new URL('../../bench/main.ts', import.meta.url));
const bench = (...args: string[]) => runProgram([process.execPath, MAIN, ...args]);

const CONTENDERS = readLineUp({ generator: '', built: '', everyPython: false, beside: [], nodes: [] }).contenders;

for (const [args, message] of [
  [['--only', 'nothing'], /^--only nothing: there are throughput, /],
  [['--cells', '3x3'], /^--cells 3x3: there are 1x1, /],
  [['--contenders', 'unknown'], /^--contenders unknown: there are launchpool, /],
  [['--rounds', '0'], /^--rounds 0: not a number above zero/],
  [['--rounds', '1.5'], /^--rounds 1.5: not a whole number/],
  [['faster'], /^faster: neither "run" nor "report \[FILE\]"/],
] as const) {
  test(`${args.join(' ')} is refused, with what there is`, (t) => {
    t.throws(() => planRun(QUESTIONS, CONTENDERS, readOptions(args)), { message });
  });
}

test('the name of a question stands for --only', (t) => {
  t.like(readOptions(['nats', '--quick']), { command: 'run', only: ['nats'], json: undefined });
  const asked = planRun(QUESTIONS, CONTENDERS, readOptions(['nats'])).map(({ question }) => question.name);
  t.deepEqual(asked, ['nats', 'nats-balance']);
  t.throws(() => readOptions(['nats', 'mcp']), { message: /^nats mcp: neither "run"/ });
});

test('what is refused is an error of the program, which measures nothing', async (t) => {
  const { status, stdout, stderr } = await bench('--cells', '3x3');
  t.is(status, 1);
  t.is(stdout.toString(), '');
  t.regex(stderr, /^bench: --cells 3x3: there are 1x1, /);
});

test('--help says what it can do, and measures nothing', async (t) => {
  const { status, stdout } = await bench('--help');
  t.is(status, 0);
  t.is(stdout.toString(), HELP);
});

test('each question stands in the first line of its script', async (t) => {
  const folder = fileURLToPath(new URL('../../bench/questions', import.meta.url));
  const scripts = (await readdir(folder)).filter((name) => name !== 'index.ts');
  const firstLines = await Promise.all(
    scripts.map(async (name) => (await readFile(join(folder, name), 'utf8')).split('\n')[0]),
  );
  const asked = QUESTIONS.map(({ asks }) => `/** ${asks} */`);
  t.deepEqual(
    firstLines.filter((line) => !asked.includes(line ?? '')),
    [],
  );
});
