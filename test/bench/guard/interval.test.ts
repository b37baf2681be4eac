/** The interval of the guard: against tables, against its definition, and on simulated measurements. */
import test from 'ava';
import fc from 'fast-check';
import { hodgesLehmann, signedRankInterval } from '../../../bench/guard/interval.ts';
import { cauchy, contaminated, laplace, normal, seededRandom, uniform } from './distributions.ts';

/** Without the smallest numbers, whose half is rounded. */
const finite = fc
  .double({ noNaN: true, noDefaultInfinity: true, min: -10, max: 10 })
  .map((number) => (Math.abs(number) < 1e-300 ? 0 : number));
const values = (minLength: number, maxLength: number) => fc.array(finite, { minLength, maxLength });

function pairMeans(numbers: readonly number[]): number[] {
  return numbers
    .flatMap((first, index) => numbers.slice(index).map((second) => (first + second) / 2))
    .sort((a, b) => a - b);
}

/** Powers of two have pair means that all differ. */
const powers = (count: number): number[] => Array.from({ length: count }, (_unused, index) => 2 ** index);

// Largest rank sums at which the two-sided test at 5 % rejects, from tables of Wilcoxon's signed-rank test.
for (const [count, critical] of [
  [6, 0],
  [7, 2],
  [8, 3],
  [9, 5],
  [10, 8],
  [12, 13],
  [15, 25],
  [20, 52],
  [25, 89],
] as const) {
  test(`of ${count} values, ${critical} pair means lie outside of the interval at each end`, (t) => {
    const { low, high } = signedRankInterval(powers(count));
    const means = pairMeans(powers(count));
    t.is(low, means[critical] as number);
    t.is(high, means[means.length - 1 - critical] as number);
  });
}

test('five values have no interval of 95 %, and one of 90 %', (t) => {
  const five = powers(5);
  t.deepEqual(signedRankInterval(five), { estimate: 5, low: -Infinity, high: Infinity });
  t.deepEqual(signedRankInterval(five, 0.9), { estimate: 5, low: 1, high: 16 });
});

test('no values have no interval', (t) => {
  t.throws(() => signedRankInterval([]), { instanceOf: RangeError });
  t.throws(() => hodgesLehmann([]), { instanceOf: RangeError });
});

test('the estimate is the median of the pair means', (t) => {
  t.is(hodgesLehmann([1]), 1);
  t.is(hodgesLehmann([1, 3]), 2);
  t.is(hodgesLehmann([1, 2, 30]), (2 + 15.5) / 2);
  const property = fc.property(
    values(1, 30),
    (numbers) => signedRankInterval(numbers).estimate === hodgesLehmann(numbers),
  );
  t.notThrows(() => fc.assert(property, { numRuns: 100 }));
});

/** The probability of a rank sum of at most `sum` under symmetry, from all combinations of signs. */
function probabilityUpTo(sum: number, count: number): number {
  let matching = 0;
  for (let signs = 0; signs < 2 ** count; signs += 1) {
    let positive = 0;
    for (let rank = 1; rank <= count; rank += 1) if (signs & (1 << (rank - 1))) positive += rank;
    if (positive <= sum) matching += 1;
  }
  return matching / 2 ** count;
}

function isRejected(numbers: readonly number[], center: number): boolean {
  const ranked = numbers.map((number) => number - center).sort((a, b) => Math.abs(a) - Math.abs(b));
  const rankSum = (sign: number): number =>
    ranked.reduce((sum, each, index) => (Math.sign(each) === sign ? sum + index + 1 : sum), 0);
  return Math.min(probabilityUpTo(rankSum(1), numbers.length), probabilityUpTo(rankSum(-1), numbers.length)) <= 0.025;
}

test('the interval is what the signed-rank test does not reject', (t) => {
  // The test changes its verdict at pair means, which lie half a unit apart or more, and are to differ from each other.
  const whole = fc.array(fc.integer({ min: -1e6, max: 1e6 }), { minLength: 6, maxLength: 9 });
  const distinct = whole.filter((numbers) => new Set(pairMeans(numbers)).size === pairMeans(numbers).length);
  const property = fc.property(distinct, (numbers) => {
    const { low, high } = signedRankInterval(numbers);
    return (
      isRejected(numbers, low - 0.1) &&
      !isRejected(numbers, low + 0.1) &&
      !isRejected(numbers, high - 0.1) &&
      isRejected(numbers, high + 0.1)
    );
  });
  t.notThrows(() => fc.assert(property, { numRuns: 100 }));
});

test('the estimate lies within the interval, and the interval within the values', (t) => {
  const property = fc.property(values(6, 40), (numbers) => {
    const { estimate, low, high } = signedRankInterval(numbers);
    return low <= estimate && estimate <= high && low >= Math.min(...numbers) && high <= Math.max(...numbers);
  });
  t.notThrows(() => fc.assert(property, { numRuns: 300 }));
});

test('mirrored values have the mirrored interval: a loss and a gain are treated alike', (t) => {
  const property = fc.property(values(6, 30), (numbers) => {
    const { estimate, low, high } = signedRankInterval(numbers);
    const mirrored = signedRankInterval(numbers.map((number) => -number));
    return mirrored.estimate === -estimate && mirrored.low === -high && mirrored.high === -low;
  });
  t.notThrows(() => fc.assert(property, { numRuns: 300 }));
});

test('shifted values have the shifted interval, and their order does not matter', (t) => {
  const close = (a: number, b: number): boolean => Math.abs(a - b) < 1e-9;
  const property = fc.property(values(6, 30), finite, (numbers, shift) => {
    const before = signedRankInterval(numbers);
    const after = signedRankInterval(numbers.toReversed().map((number) => number + shift));
    return (['estimate', 'low', 'high'] as const).every((bound) => close(after[bound], before[bound] + shift));
  });
  t.notThrows(() => fc.assert(property, { numRuns: 300 }));
});

test('three wild values of 15 move the interval no further than to the other twelve', (t) => {
  const property = fc.property(
    values(12, 12),
    fc.array(fc.double({ noNaN: true, min: 1e6, max: 1e9 }), { minLength: 3, maxLength: 3 }),
    (calm, wild) => {
      const { estimate } = signedRankInterval([...calm, ...wild]);
      return estimate <= Math.max(...calm);
    },
  );
  t.notThrows(() => fc.assert(property, { numRuns: 300 }));
});

const RUNS = 1_000;

for (const [name, distribution] of Object.entries({ normal, uniform, laplace, cauchy, contaminated })) {
  for (const count of [6, 15, 30]) {
    test(`of ${count} ${name} values, the interval covers the true value as often as it promises`, (t) => {
      const random = seededRandom(count);
      let covered = 0;
      for (let run = 0; run < RUNS; run += 1) {
        const { low, high } = signedRankInterval(Array.from({ length: count }, () => distribution(random)));
        if (low <= 0 && high >= 0) covered += 1;
      }
      // Four standard deviations of what the number of runs leaves to chance.
      const slack = 4 * Math.sqrt((0.05 * 0.95) / RUNS);
      t.true(covered / RUNS >= 0.95 - slack, `${covered / RUNS}`);
      // 6 values allow no confidence between 93.8 % and 96.9 %.
      t.true(covered / RUNS <= 0.969 + slack, `${covered / RUNS}`);
    });
  }
}

test('with noise of 5 % a round, 15 rounds find a loss of 8 %, and take nothing for a loss', (t) => {
  const random = seededRandom(8);
  const isLoss = (ratio: number): boolean => {
    const rounds = Array.from({ length: 15 }, () => Math.log(ratio) + 0.05 * normal(random));
    return Math.exp(signedRankInterval(rounds).high) < 0.97;
  };
  const losses = (ratio: number): number => Array.from({ length: 1_000 }, () => isLoss(ratio)).filter(Boolean).length;
  t.true(losses(0.92) > 900);
  t.is(losses(1), 0);
  // At the limit itself: one end of the interval of 95 %.
  t.true(losses(0.97) < 40);
});
