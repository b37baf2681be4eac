/** The bench as a program: a very short run, its results, its report, and its interruption. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { missingForNats } from '../../bench/nats/cluster.ts';
import { BALANCE_KINDS, NATS_KINDS } from '../../bench/question-line-up.ts';
import { QUESTIONS } from '../../bench/questions/index.ts';
import { writeReport } from '../../bench/report.ts';
import type { Results } from '../../bench/results.ts';
import { descendantsOf, isAlive } from '../bench/processes.ts';
import { notTested } from '../helpers/not-tested.ts';
import { runProgram, startProgram } from '../helpers/program.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { until } from '../helpers/until.ts';

const MAIN = fileURLToPath(new URL('../../bench/main.ts', import.meta.url));

/** In the order of measurement. */
const byQuestion = (a: string, b: string): number => ORDER.indexOf(a) - ORDER.indexOf(b);
const ORDER = QUESTIONS.map(({ name }) => name);

const bench = (...args: string[]) => runProgram([process.execPath, MAIN, ...args]);

test('a run writes its measurements in the documented form, and a report is made from them', async (t) => {
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

test('questions that start programs of their own measure them, or say what is missing', async (t) => {
  t.timeout(300_000);
  const json = join(await tempDir(t), 'out.json');
  const cells = 'call,--version,zod,1 MiB 1x1,4 KiB 4x4,connections 8,payload 1 KiB,threads 2,list 10,doctor 10';
  const contenders = 'launchpool,shell-launchpool,shell-nc,shell-eslint_d,package-agent-again,package-node';
  const only = 'throughput-rpc,large-payloads-rpc,first-reply,shell,growth';
  const part = ['--only', only, '--cells', cells, '--contenders', contenders];
  const { status, stdout, stderr } = await bench(...part, '--rounds', '1', '--seconds', '0.1', '--json', json);
  t.is(status, 0, stderr);
  const { results, failures } = JSON.parse(await readFile(json, 'utf8')) as Results;
  t.deepEqual(failures, []);
  const asked = new Set(results.map(({ question }) => question));
  t.deepEqual(
    [...asked],
    ['throughput-rpc', 'large-payloads-rpc', 'first-reply-packages', 'shell', 'growth'].toSorted(byQuestion),
  );
  for (const { question, cell, contender, rounds, ms, medianMs, costUs, reqPerSec } of results) {
    const figure = ms ?? medianMs ?? costUs ?? reqPerSec;
    const isGood = rounds === 0 ? String(figure).startsWith('not installed') : Number(figure) > 0;
    t.true(isGood, `${question}, ${cell}, ${contender}: ${figure}`);
  }
  t.regex(stdout.toString(), /\nlist 10 +launchpool /);
});

test('the question about NATS checks every reply, and shares calls among all instances', async (t) => {
  t.timeout(600_000);
  const missing = missingForNats();
  if (missing !== undefined) return notTested(t, missing);
  const json = join(await tempDir(t), 'out.json');
  const part = ['nats', '--cells', '4x1,64 KiB 4x4,five even,four even,four and one slow'];
  const { status, stderr } = await bench(...part, '--rounds', '1', '--seconds', '0.2', '--json', json);
  t.is(status, 0, stderr);
  const { results } = JSON.parse(await readFile(json, 'utf8')) as Results;
  t.deepEqual(
    results.map(({ cell, contender }) => `${cell}: ${contender}`),
    [
      ...['4x1', '64 KiB 4x4'].flatMap((cell) => NATS_KINDS.map((kind) => `${cell}: ${kind}`)),
      ...['five even', 'four even', 'four and one slow'].flatMap((cell) =>
        BALANCE_KINDS.map((kind) => `${cell}: ${kind}`),
      ),
    ],
  );
  for (const { cell, contender, reqPerSec, p50us, p99us, largestShare } of results) {
    t.true(Number(reqPerSec) > 0 && Number(p50us) > 0 && Number(p99us) >= Number(p50us), `${cell}, ${contender}`);
    if (BALANCE_KINDS.includes(contender)) t.true(Number(largestShare) >= 1, `${cell}, ${contender}: ${largestShare}`);
  }
});

test('nats-capacity compares its simulation with real instances', async (t) => {
  t.timeout(600_000);
  const missing = missingForNats();
  if (missing !== undefined) return notTested(t, missing);
  const load = [
    '--mean',
    '10',
    '--cv',
    '0.5',
    '--rate',
    '40',
    '--places',
    '1',
    '--p99-wait',
    '40',
    '--requests',
    '5000',
  ];
  const real = ['--check', '--instances', '2', '--seconds', '2', '--json'];
  const { status, stdout, stderr } = await bench('nats-capacity', ...load, ...real);
  t.is(status, 0, stderr);
  const { check } = JSON.parse(stdout.toString());
  t.is(check.instances, 2);
  t.true(check.requests > 40 && check.requests < 140, String(check.requests));
  // A handler sleeps for as long as it is asked to, and the simulation has its own times.
  const { simulated, replayed, measured } = check;
  t.true(simulated.p99.value > simulated.p50.value && simulated.mean.value > 8);
  for (const { mean, p50, p99 } of [measured, replayed.client, replayed.central]) t.true(p99 > p50 && mean > 8);
});

test('an interrupted run ends the processes that it has started', async (t) => {
  const running = startProgram(t, [
    process.execPath,
    MAIN,
    '--only',
    'throughput',
    '--contenders',
    'launchpool,cluster',
  ]);
  await running.stderr(/throughput, round 1/);
  await until(() => descendantsOf(running.pid).length >= 5);
  const started = descendantsOf(running.pid);
  running.signal('SIGINT');
  t.is(await running.ended, 130);
  // A contender that was killed leaves processes that exit by themselves.
  await until(() => !started.some(isAlive));
  t.pass();
});
