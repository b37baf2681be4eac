/** What the guard says of measurements: ratios, verdicts, the table, the exit status. */
import test from 'ava';
import { type Comparison, compare, roundRatios } from '../../../bench/guard/comparison.ts';
import { exitStatus } from '../../../bench/guard/results.ts';
import type { Sample } from '../../../bench/guard/rounds.ts';
import { SIDES, type Side } from '../../../bench/guard/side.ts';
import { comparisonTable, findings } from '../../../bench/guard/table.ts';
import { normal, seededRandom } from './distributions.ts';

const RATE = { name: '1x1', unit: 'rate', better: 'higher' } as const;
const TIME = { name: 'call', unit: 'ms', better: 'lower' } as const;
const LIMIT = 0.97;

type Values = Readonly<Record<Side, number>>;

/** Fifteen rounds of two repeats; `noise` is that of one measurement. */
function samplesOf({ name }: { name: string }, values: Values, noise = 0.01, seed = 1): Sample[] {
  const random = seededRandom(seed);
  const samples: Sample[] = [];
  for (let round = 1; round <= 15; round += 1) {
    // What slows a whole round slows all sides alike.
    const machine = Math.exp(0.5 * normal(random));
    for (const repeat of [1, 2]) {
      for (const side of SIDES) {
        const value = values[side] * machine * Math.exp(noise * normal(random));
        samples.push({ cell: name, round, repeat, side, value });
      }
    }
  }
  return samples;
}

function comparisonOf(cell: typeof RATE | typeof TIME, values: Values, noise?: number): Comparison {
  return compare(cell, samplesOf(cell, values, noise), LIMIT) as Comparison;
}

test('a lower rate is a loss, a higher one is none', (t) => {
  const loss = comparisonOf(RATE, { other: 100, this: 92, again: 92 });
  t.is(loss.verdict, 'loss');
  t.true(Math.abs(loss.toOther.ratio - 0.92) < 0.01 && loss.toOther.high < LIMIT);
  t.is(comparisonOf(RATE, { other: 92, this: 100, again: 100 }).verdict, 'none');
});

test('a longer time is a loss, with a ratio below 1 all the same', (t) => {
  const loss = comparisonOf(TIME, { other: 92, this: 100, again: 100 });
  t.is(loss.verdict, 'loss');
  t.true(Math.abs(loss.toOther.ratio - 0.92) < 0.01);
  t.is(comparisonOf(TIME, { other: 100, this: 92, again: 92 }).verdict, 'none');
});

test('the same on all sides is no loss, though the rounds differ by half from each other', (t) => {
  const { verdict, noisy, rounds, toOther } = comparisonOf(RATE, { other: 100, this: 100, again: 100 });
  t.deepEqual({ verdict, noisy, rounds }, { verdict: 'none', noisy: false, rounds: 15 });
  t.true(toOther.low < 1 && toOther.high > 1);
});

test('an interval that contains the limit decides nothing', (t) => {
  const { verdict, toOther } = comparisonOf(RATE, { other: 100, this: 96, again: 96 }, 0.2);
  t.is(verdict, 'open');
  t.true(toOther.low < LIMIT && toOther.high > LIMIT);
});

test('a copy that differs from the checkout means noise, in either direction', (t) => {
  t.true(comparisonOf(RATE, { other: 100, this: 100, again: 110 }).noisy);
  t.true(comparisonOf(RATE, { other: 100, this: 100, again: 90 }).noisy);
  t.false(comparisonOf(RATE, { other: 50, this: 100, again: 100 }).noisy);
});

const sample = (round: number, repeat: number, side: Side, value: number): Sample => ({
  cell: '1x1',
  round,
  repeat,
  side,
  value,
});

test('a round has one ratio, to which a repeat that went wrong adds little', (t) => {
  const samples = [2, 2, 2, 2, 2, 3000].flatMap((factor, index) => [
    sample(1, index, 'this', 100 * factor),
    sample(1, index, 'other', 100),
  ]);
  t.deepEqual(roundRatios(samples, 'other', 'higher'), [Math.log(2)]);
  t.deepEqual(roundRatios(samples, 'other', 'lower'), [-Math.log(2)]);
});

test('what lacks its pair does not count', (t) => {
  const samples = [
    sample(1, 1, 'this', 1),
    sample(2, 1, 'this', 1),
    sample(2, 1, 'other', 1),
    sample(3, 1, 'other', 1),
  ];
  t.deepEqual(roundRatios(samples, 'other', 'higher'), [0]);
  t.deepEqual(roundRatios(samples, 'again', 'higher'), []);
  t.is(compare(RATE, samples, LIMIT), undefined);
  t.is(compare(TIME, samples, LIMIT), undefined);
});

test('a rate of 0 is no ratio', (t) => {
  const samples = [
    ...[sample(1, 1, 'this', 0), sample(1, 1, 'other', 1), sample(1, 2, 'this', 3), sample(1, 2, 'other', 3)],
    ...[sample(2, 1, 'this', 1), sample(2, 1, 'other', 0)],
  ];
  t.deepEqual(roundRatios(samples, 'other', 'higher'), [0]);
});

test('too few rounds decide nothing', (t) => {
  const few = samplesOf(RATE, { other: 100, this: 50, again: 50 }).filter(({ round }) => round <= 5);
  t.is(compare(RATE, few, LIMIT)?.verdict, 'open');
});

test('the table and its lines name each cell, its ratio and its interval', (t) => {
  const lost = comparisonOf(TIME, { other: 92, this: 100, again: 100 }, 0);
  const noisy = comparisonOf(RATE, { other: 100, this: 100, again: 110 }, 0);
  const [head, ...rows] = comparisonTable([lost, noisy]).split('\n');
  t.regex(head as string, /^cell +other +this +ratio +95 % interval +this \/ itself +95 % interval/);
  t.regex(rows[0] as string, /^call +\d.* 0\.920 +0\.920 to 0\.920 +1\.000 +1\.000 to 1\.000 +LOSS$/);
  t.regex(rows[1] as string, /^1x1 +\d.* 1\.000 .* 0\.909 .* noisy$/);
  const [loss, noise, ...rest] = findings([lost, noisy], LIMIT);
  t.regex(loss as string, /^call: a loss\. .* 0\.920 .* is below 0\.97\.$/);
  t.regex(noise as string, /^1x1: the machine is too noisy for this cell\./);
  t.deepEqual(rest, []);
});

test('nothing to report is no line', (t) => {
  t.deepEqual(findings([comparisonOf(RATE, { other: 100, this: 100, again: 100 })], LIMIT), []);
});

test('a loss ends with 1, a failed measurement with 2, and a loss counts more', (t) => {
  const lost = comparisonOf(RATE, { other: 100, this: 50, again: 50 });
  const same = comparisonOf(RATE, { other: 100, this: 100, again: 100 });
  const failures = [{ cell: 'call', round: 1, side: 'other', message: 'no reply' } as const];
  t.is(exitStatus({ comparisons: [same], failures: [] }), 0);
  t.is(exitStatus({ comparisons: [same, lost], failures: [] }), 1);
  t.is(exitStatus({ comparisons: [same], failures }), 2);
  t.is(exitStatus({ comparisons: [lost], failures }), 1);
});
