/** The marks of ratios that lie within their own noise. */
import test from 'ava';
import type { Sample } from '../../bench/measure.ts';
import { figureText, hasMarks, MIN_ROUNDS, ratioBounds } from '../../bench/noise.ts';
import type { Result } from '../../bench/results.ts';

const RATIO = { field: 'ratioToInline', of: 'reqPerSec', to: 'inline' };
const COLUMN = { field: 'ratioToInline', unit: 'ratio' } as const;

const roundsOf = (ratios: readonly number[]): Map<string, Sample>[] =>
  ratios.map(
    (ratio) =>
      new Map([
        ['launchpool', { reqPerSec: 100 * ratio }],
        ['inline', { reqPerSec: 100 }],
      ]),
  );

const resultOf = (fields: Record<string, number | null>): Result => ({
  question: 'throughput',
  cell: '1x1',
  contender: 'launchpool',
  reqPerSec: 1,
  p50us: null,
  p99us: null,
  ratioToInline: 1.04,
  rounds: MIN_ROUNDS,
  ...fields,
});

test('rounds that agree have an interval beside 1, and no mark', (t) => {
  const bounds = ratioBounds(roundsOf([1.4, 1.5, 1.45, 1.6, 1.5, 1.3]), 'launchpool', RATIO);
  t.true(Number(bounds.ratioToInlineLow) > 1 && Number(bounds.ratioToInlineHigh) < 1.7);
  t.is(figureText(resultOf(bounds), COLUMN), '1.04×');
});

test('rounds that disagree have an interval around 1, and a mark', (t) => {
  const bounds = ratioBounds(roundsOf([0.8, 1.2, 1.1, 0.9, 1.3, 1]), 'launchpool', RATIO);
  t.true(Number(bounds.ratioToInlineLow) < 1 && Number(bounds.ratioToInlineHigh) > 1);
  t.is(figureText(resultOf(bounds), COLUMN), '≈ 1.04×');
  t.true(hasMarks([resultOf(bounds)], [COLUMN]));
});

test('too few rounds have no interval, and another mark', (t) => {
  const bounds = ratioBounds(roundsOf([1.4, 1.5, 1.4, 1.5, 1.4]), 'launchpool', RATIO);
  t.deepEqual(bounds, { ratioToInlineLow: null, ratioToInlineHigh: null });
  t.is(figureText(resultOf(bounds), COLUMN), '? 1.04×');
});

test('a round in which one of the two failed does not count', (t) => {
  const rounds = roundsOf([1.4, 1.5, 1.45, 1.6, 1.5, 1.3]);
  rounds[2]?.delete('inline');
  t.is(ratioBounds(rounds, 'launchpool', RATIO).ratioToInlineLow, null);
  t.deepEqual(ratioBounds([new Map()], 'launchpool', RATIO), {});
});

test('the baseline, other figures, and results of earlier runs have no mark', (t) => {
  t.deepEqual(ratioBounds(roundsOf([1, 1, 1, 1, 1, 1]), 'inline', RATIO), {});
  t.is(figureText(resultOf({}), COLUMN), '1.04×');
  t.is(figureText(resultOf({ reqPerSecLow: null, reqPerSecHigh: null }), { field: 'reqPerSec', unit: 'rate' }), '1');
  t.is(figureText(resultOf({ ratioToInline: null, ratioToInlineLow: 0.5, ratioToInlineHigh: 2 }), COLUMN), '–');
  t.false(hasMarks([resultOf({})], [COLUMN]));
});
