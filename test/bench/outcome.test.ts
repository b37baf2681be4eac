/** From samples to results, and to tables: missing rows, ratios, one table for curves. */
import test from 'ava';
import type { Contender } from '../../bench/line-up.ts';
import type { Sample } from '../../bench/measure.ts';
import { type Entry, resultsOf } from '../../bench/outcome.ts';
import type { Question } from '../../bench/question.ts';
import { questionText } from '../../bench/table.ts';

const contender = (name: string): Contender => ({ name, kind: name, command: () => [name], env: () => ({}) });

const QUESTION: Question = {
  name: 'example',
  asks: 'How long does it take?',
  note: '`own` is ours.',
  mode: 'raw',
  handler: 'rot13',
  cells: [{ name: 'call' }, { name: 'list', without: ['nc'] }],
  kinds: ['own', 'node', 'nc'],
  quickKinds: [],
  measure: async () => ({}),
  ratios: [{ field: 'ratioToNode', of: 'ms', to: 'node' }],
  columns: [
    { field: 'ms', title: 'time', unit: 'ms' },
    { field: 'ratioToNode', title: '/ node', unit: 'ratio' },
  ],
  chart: { field: 'ms', title: 'time', unit: 'ms', logarithmic: false },
  answer: () => '',
};

const ENTRY: Entry = {
  question: QUESTION,
  cells: QUESTION.cells,
  contenders: ['own', 'node', 'nc'].map(contender),
  rounds: 6,
};

const rounds = (own: readonly number[]): Map<string, Sample>[] =>
  own.map(
    (ms) =>
      new Map([
        ['own', { ms }],
        ['node', { ms: 10 }],
      ]),
  );

const FOUND = new Map([
  ['call', rounds([20, 21, 20, 22, 20, 21])],
  ['list', rounds([9, 11, 10, 8, 12, 10])],
]);
const MISSING = [{ contender: 'nc', cell: 'call', why: 'not installed: apt-get install it' }];

test('a row that cannot be measured says why, in the cells that have it', (t) => {
  const results = resultsOf(ENTRY, FOUND, MISSING);
  t.deepEqual(
    results.map(({ cell, contender, ms, rounds }) => [cell, contender, ms, rounds]),
    [
      ['call', 'own', 20.5, 6],
      ['call', 'node', 10, 6],
      ['call', 'nc', 'not installed: apt-get install it', 0],
      ['list', 'own', 10, 6],
      ['list', 'node', 10, 6],
    ],
  );
});

test('the table has the note, marks what lies within its noise, and explains the mark', (t) => {
  const text = questionText(QUESTION, resultsOf(ENTRY, FOUND, MISSING));
  t.regex(text, /^How long does it take\?\n\n`own` is ours\.\n\ncall /);
  t.regex(text, /\nown +21 ms +2\.05×\n/);
  t.regex(text, /\nown +10 ms +≈ 1\.00×\n/);
  t.regex(text, /\nnc +not installed: apt-get install it +–\n/);
  t.regex(text, /\n\n≈ before a ratio: /);
});

test('a question with curves has one table for all cells', (t) => {
  const text = questionText({ ...QUESTION, curves: [] }, resultsOf(ENTRY, FOUND, []));
  t.regex(text, /\ncall +own +21 ms/);
  t.regex(text, /\nlist +own +10 ms/);
  t.is(text.match(/ time /g)?.length, 1);
});
