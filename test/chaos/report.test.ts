/** The report says what was run, what came of it, and what was not run. */
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

test('where nothing was run, every section says so', async (t) => {
  const text = reportText(await tempDir(t));
  t.is(text.match(/^## /gm)?.length, 7);
  t.is(text.match(/^Not run yet\.$/gm)?.length, 7);
});

test('what was run stands there with its command, its figures, and what was wrong', async (t) => {
  const folder = await tempDir(t);
  const figures = { times: 1_000, stopMs: { p50: 1.23456, max: null }, samples: [{ seconds: 1 }], rss: [1, 2] };
  const outcome = { faults: ['process 3 does\nnot leave'], figures, skipped: ['a full disk'] };
  writeResult('sigterm', { ...resultOf(outcome, facts), commit }, folder);
  writeResult('run', { ...resultOf({ faults: [], figures: {} }, facts), commit }, folder);
  const text = reportText(folder);
  const received = section(text, 'Told to leave');
  t.regex(received, /\*\*Something is wrong\.\*\* `npm run chaos -- sigterm`, 60 s, \d{4}-\d\d-\d\d, commit/);
  t.regex(received, /\| times +\| 1 000 +\|/);
  t.regex(received, /\| stopMs · p50 +\| 1\.235 +\|/);
  t.regex(received, /\| rss +\| 1 → 2 +\|/);
  t.regex(received, /^- process 3 does not leave$/m);
  t.regex(received, /^Not done there: a full disk\.$/m);
  t.regex(section(text, 'Under fire'), /\*\*All is well\.\*\*/);
});

test('the chart of a soak is shown when there is one', async (t) => {
  const folder = await tempDir(t);
  t.false(reportText(folder).includes('soak.svg'));
  writeFileSync(join(folder, 'soak.svg'), '<svg/>');
  t.true(section(reportText(folder), 'For long').includes('soak.svg'));
});

test('nothing is claimed of what was not run', async (t) => {
  const folder = await tempDir(t);
  t.false(section(reportText(folder), 'Loading').includes('No call fails'));
  writeResult('reloads', { ...resultOf({ faults: [], figures: {} }, facts), commit }, folder);
  t.true(section(reportText(folder), 'Loading').includes('No call fails'));
});

test('what took too long is wrong as well', async (t) => {
  const folder = await tempDir(t);
  const outcome = { faults: [], slow: ['it took 9 s to leave'], figures: {} };
  writeResult('sigterm', { ...resultOf(outcome, facts), commit }, folder);
  t.regex(section(reportText(folder), 'Told to leave'), /Something is wrong[\s\S]*^- it took 9 s to leave$/m);
});

test('a result of files that were not committed is refused', async (t) => {
  const folder = await tempDir(t);
  writeResult('storm', { ...resultOf({ faults: [], figures: {} }, facts), commit: `${commit}+` }, folder);
  t.throws(() => reportText(folder), { message: /^storm was run last with files that were not committed/ });
});
