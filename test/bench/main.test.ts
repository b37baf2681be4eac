/** The bench as a program: a very short run, what it writes down, and the report of it. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { readLineUp } from '../../bench/line-up.ts';
import { HELP, readOptions } from '../../bench/options.ts';
import { planRun } from '../../bench/plan.ts';
import { QUESTIONS } from '../../bench/questions/index.ts';
import { writeReport } from '../../bench/report.ts';
import type { Results } from '../../bench/results.ts';
import { runProgram, startProgram } from '../helpers/program.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { until } from '../helpers/until.ts';
import { descendantsOf, isAlive } from './processes.ts';

const MAIN = fileURLToPath(new URL('../../bench/main.ts', import.meta.url));

const bench = (...args: string[]) => runProgram([process.execPath, MAIN, ...args]);

test('a run writes what was measured in the promised form, and a report is made of it', async (t) => {
  const folder = await tempDir(t);
  const json = join(folder, 'out.json');
  const part = ['--only', 'throughput', '--cells', '1x1', '--contenders', 'inline,launchpool'];
  const { status, stderr } = await bench(...part, '--rounds', '1', '--seconds', '0.5', '--json', json);
  t.is(status, 0, stderr);
  const { machine, commit, date, results, failures } = JSON.parse(await readFile(json, 'utf8')) as Results;
  t.deepEqual(failures, []);
  t.is(machine.node, process.version);
  t.true(machine.cpu !== '' && machine.cores > 0);
  t.regex(commit, /^[0-9a-f]{12}\+?$|^unknown$/);
  t.false(Number.isNaN(Date.parse(date)));
  t.deepEqual(results.map(({ contender }) => contender).sort(), ['inline', 'launchpool']);
  for (const { question, cell, rounds, reqPerSec, p50us, p99us, ratioToInline } of results) {
    t.deepEqual({ question, cell, rounds }, { question: 'throughput', cell: '1x1', rounds: 1 });
    for (const figure of [reqPerSec, p50us, p99us, ratioToInline]) t.true(Number(figure) > 0);
  }
  t.is(results.find(({ contender }) => contender === 'inline')?.ratioToInline, 1);

  await writeReport(json, folder);
  const report = await readFile(join(folder, 'README.md'), 'utf8');
  t.true(report.includes(machine.cpu) && report.includes(commit) && report.includes('| 1x1 | launchpool |'));
  t.true((await readFile(join(folder, 'charts', 'throughput.svg'), 'utf8')).startsWith('<svg'));
});

test('an interrupted run ends what it has started', async (t) => {
  const running = startProgram(t, [
    process.execPath,
    MAIN,
    '--only',
    'throughput',
    '--contenders',
    'launchpool,cluster',
  ]);
  await running.stderr(/throughput, round 1/);
  const started = descendantsOf(running.pid);
  t.true(started.length >= 5, `${started}`);
  running.signal('SIGINT');
  t.is(await running.ended, 130);
  // A contender that has had to be killed leaves some that end by themselves.
  await until(() => !started.some(isAlive));
  t.pass();
});

const CONTENDERS = readLineUp({ generator: '', built: '', everyPython: false, beside: [], nodes: [] }).contenders;

for (const [args, message] of [
  [['--only', 'nothing'], /^--only nothing: there are throughput, /],
  [['--cells', '3x3'], /^--cells 3x3: there are 1x1, /],
  [['--contenders', 'nobody'], /^--contenders nobody: there are launchpool, /],
  [['--rounds', '0'], /^--rounds 0: not a number above zero/],
  [['--rounds', '1.5'], /^--rounds 1.5: not a whole number/],
  [['faster'], /^faster: neither "run" nor "report \[FILE\]"/],
] as const) {
  test(`${args.join(' ')} is refused, with what there is`, (t) => {
    t.throws(() => planRun(QUESTIONS, CONTENDERS, readOptions(args)), { message });
  });
}

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
