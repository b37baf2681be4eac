/** The report shows what was run, with its results, and what was not run. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { reportText } from '../../chaos/report.ts';
import { describeMachine, resultOf, writeResult } from '../../chaos/results.ts';
import { tempDir } from '../helpers/temp-dir.ts';

const facts = { command: 'npm run chaos -- sigterm', seed: 5, seconds: 60, machine: describeMachine() };
const commit = '0123456789ab';
const section = (text: string, title: string): string =>
  text.split('\n## ').find((part) => part.startsWith(title)) ?? '';

test('without results, every section says that it was not run', async (t) => {
  const text = reportText(await tempDir(t));
  t.is(text.match(/^## /gm)?.length, 9);
  t.is(text.match(/^Not run yet\.$/gm)?.length, 9);
});

test('a result is shown with its command, its figures, its faults and its skipped checks', async (t) => {
  const folder = await tempDir(t);
  const figures = { times: 1_000, stopMs: { p50: 1.23456, max: null }, samples: [{ seconds: 1 }], rss: [1, 2] };
  const outcome = { faults: ['process 3 does\nnot exit'], figures, skipped: ['a full disk'] };
  writeResult('sigterm', { ...resultOf(outcome, facts), commit }, folder);
  writeResult('run', { ...resultOf({ faults: [], figures: {} }, facts), commit }, folder);
  const text = reportText(folder);
  const shutdown = section(text, 'Shutdown');
  t.regex(shutdown, /\*\*Failed\.\*\* `npm run chaos -- sigterm`, 60 s, \d{4}-\d\d-\d\d, commit/);
  t.regex(shutdown, /\| times +\| 1 000 +\|/);
  t.regex(shutdown, /\| stopMs · p50 +\| 1\.235 +\|/);
  t.regex(shutdown, /\| rss +\| 1 → 2 +\|/);
  t.regex(shutdown, /^- process 3 does not exit$/m);
  t.regex(shutdown, /^Skipped on that machine: a full disk\.$/m);
  t.regex(section(text, 'Load with disturbances'), /\*\*Passed\.\*\*/);
});

test('the chart of a soak is shown when it exists', async (t) => {
  const folder = await tempDir(t);
  t.false(reportText(folder).includes('soak.svg'));
  writeFileSync(join(folder, 'soak.svg'), '<svg/>');
  t.true(section(reportText(folder), 'Soak').includes('soak.svg'));
});

test('a section without a result makes no claim', async (t) => {
  const folder = await tempDir(t);
  t.false(section(reportText(folder), 'Reload').includes('No call fails'));
  writeResult('reloads', { ...resultOf({ faults: [], figures: {} }, facts), commit }, folder);
  t.true(section(reportText(folder), 'Reload').includes('No call fails'));
});

test('a slow result is a failure', async (t) => {
  const folder = await tempDir(t);
  const outcome = { faults: [], slow: ['the shutdown took 9 s'], figures: {} };
  writeResult('sigterm', { ...resultOf(outcome, facts), commit }, folder);
  t.regex(section(reportText(folder), 'Shutdown'), /Failed[\s\S]*^- the shutdown took 9 s$/m);
});

test('a result that comes from uncommitted files is refused', async (t) => {
  const folder = await tempDir(t);
  writeResult('storm', { ...resultOf({ faults: [], figures: {} }, facts), commit: `${commit}+` }, folder);
  t.throws(() => reportText(folder), { message: /^the last result of storm comes from uncommitted files/ });
});
