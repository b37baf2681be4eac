/** Slopes of curves, and what is said about them. */
import test from 'ava';
import { drawCurves } from '../../bench/growth/chart.ts';
import type { Curve } from '../../bench/growth/curve.ts';
import { growthText, withSlopes } from '../../bench/growth/growth.ts';
import { type Costs, isGrowing, lastSlope, wholeSlope } from '../../bench/growth/slope.ts';
import type { Sample } from '../../bench/measure.ts';
import type { Result } from '../../bench/results.ts';

const SIZES = [1, 2, 4, 8, 16, 32];
/** The same for every run: a few percent up and down. */
const NOISE = [1, 1.03, 0.98, 1.02, 0.97, 1.01];

/** Six rounds of a cost; each round has another noise at each size. */
const costsOf = (cost: (x: number) => number, rounds = 6): Costs[] =>
  SIZES.map((x, at) => ({
    name: `size ${x}`,
    x,
    rounds: Array.from({ length: rounds }, (_unused, round) => cost(x) * (NOISE[(at + round) % 6] as number)),
  }));

test('a power of the size has its exponent as slope', (t) => {
  const slope = wholeSlope(costsOf((x) => 3 * x ** 0.5));
  t.true(Math.abs((slope?.exponent ?? 0) - 0.5) < 0.03);
  t.true((slope?.low ?? 0) > 0.45 && (slope?.high ?? 1) < 0.55);
  t.is(slope?.from, 'size 1');
  t.true(isGrowing(slope));
});

test('a level curve with noise does not grow, and neither does one that falls', (t) => {
  t.false(isGrowing(lastSlope(costsOf(() => 7))));
  t.false(isGrowing(lastSlope(costsOf((x) => 100 / x))));
});

test('what is paid once does not hide a growth behind it', (t) => {
  const costs = costsOf((x) => 100 / x ** 3 + x ** 0.6);
  t.true((wholeSlope(costs)?.exponent ?? 1) < 0);
  const last = lastSlope(costs);
  t.is(last?.from, 'size 8');
  t.true(isGrowing(last));
});

test('the last slope is never of fewer than three points', (t) => {
  const costs = costsOf((x) => (x === 16 ? 1 : 10));
  t.is(lastSlope(costs)?.from, 'size 8');
});

test('with too few rounds the interval has no end, and no growth is claimed', (t) => {
  const slope = wholeSlope(costsOf((x) => x, 3));
  t.true(Math.abs((slope?.exponent ?? 0) - 1) < 0.05);
  t.is(slope?.low, Number.NEGATIVE_INFINITY);
  t.false(isGrowing(slope));
});

test('a round without one of the points does not count, and two points make no slope', (t) => {
  const costs = costsOf((x) => x);
  const short = costs.map((each, at) => (at === 2 ? { ...each, rounds: each.rounds.with(0, undefined) } : each));
  t.is(wholeSlope(short)?.low, Number.NEGATIVE_INFINITY);
  t.is(wholeSlope(costs.slice(0, 2)), undefined);
  t.is(lastSlope([]), undefined);
});

const CURVES: Curve[] = ['dear', 'level'].map((name) => ({
  name,
  axis: 'sizes',
  unit: 'request',
  points: SIZES.map((x) => ({ cell: `${name} ${x}`, x })),
}));

const foundOf = (rounds: number): Map<string, Map<string, Sample>[]> =>
  new Map(
    CURVES.flatMap(({ name }) =>
      costsOf((x) => (name === 'dear' ? x : 5), rounds).map(({ x, rounds: costs }): [string, Map<string, Sample>[]] => [
        `${name} ${x}`,
        costs.map((costUs) => new Map([['launchpool', { costUs: costUs as number }]])),
      ]),
    ),
  );

const resultsOf = (found: Map<string, Map<string, Sample>[]>): Result[] =>
  [...found].map(([cell, rounds]) => ({
    question: 'growth',
    cell,
    contender: 'launchpool',
    reqPerSec: null,
    p50us: null,
    p99us: null,
    ratioToInline: null,
    rounds: rounds.length,
    costUs: rounds[0]?.get('launchpool')?.costUs ?? null,
  }));

test('the last row of a curve has its slopes, and the sentence names the curve that grows', (t) => {
  const found = foundOf(6);
  const results = withSlopes(resultsOf(found), found, CURVES, 'costUs');
  const withSlope = results.filter(({ exponent }) => exponent !== undefined);
  t.deepEqual(
    withSlope.map(({ cell, grows }) => [cell, grows]),
    [
      ['dear 32', 'yes'],
      ['level 32', 'no'],
    ],
  );
  t.regex(
    growthText(results, CURVES),
    /^Some totals grow faster than linearly\. Along dear: the cost of one request grows with exponent (1\.00|0\.99|1\.01) from dear 1 on\.$/,
  );
});

test('a curve that does not grow is named as such, and one of few rounds as undecided', (t) => {
  const found = foundOf(6);
  const level = CURVES.slice(1);
  const results = withSlopes(resultsOf(found), found, level, 'costUs');
  t.is(growthText(results, level), 'No total grows faster than linearly, along level.');
  const few = foundOf(2);
  const undecided = withSlopes(resultsOf(few), few, CURVES, 'costUs');
  t.is(growthText(undecided, CURVES), 'Of dear, level, there are too few rounds to tell.');
  t.is(growthText([], CURVES), 'No curve has enough points.');
});

test('the chart has the curves that were measured, and none of earlier results', (t) => {
  const chart = { field: 'costUs', title: 'cost', unit: 'cost', logarithmic: true } as const;
  const svg = drawCurves({ curves: CURVES, chart }, resultsOf(foundOf(1)));
  t.true(svg?.startsWith('<svg') && svg.includes('dear') && svg.includes('for one request'));
  t.is(drawCurves({ curves: CURVES, chart }, []), undefined);
});
