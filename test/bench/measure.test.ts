/** The arithmetic of the bench. */
import test from 'ava';
import fc from 'fast-check';
import { median, medianRatio, medians, type Sample, shuffled } from '../../bench/measure.ts';

const finite = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 });

test('the median of an odd number is the middle one, of an even number the mean of the two in the middle', (t) => {
  t.is(median([9, 1, 5]), 5);
  t.is(median([4, 1, 100, 2]), 3);
  t.is(median([7]), 7);
});

test('the median leaves its input as it is, and nothing has none', (t) => {
  const values = [3, 1, 2];
  median(values);
  t.deepEqual(values, [3, 1, 2]);
  t.throws(() => median([]), { instanceOf: RangeError });
});

test('as many are above the median as below it', (t) => {
  const property = fc.property(fc.array(finite, { minLength: 1 }), (values) => {
    const middle = median(values);
    const below = values.filter((value) => value < middle).length;
    const above = values.filter((value) => value > middle).length;
    return below <= values.length / 2 && above <= values.length / 2;
  });
  t.notThrows(() => fc.assert(property, { numRuns: 500 }));
});

test('each field has its own median, over the rounds that have it', (t) => {
  const rounds: Sample[] = [{ rate: 1, time: 10 }, { rate: 3, time: 30 }, { rate: 2 }];
  t.deepEqual(medians(rounds), { rate: 2, time: 20 });
});

const round = (figures: Record<string, number>): Map<string, Sample> =>
  new Map(Object.entries(figures).map(([name, rate]) => [name, { rate }]));

test('a ratio is taken within each round, so that a slow round does not spoil it', (t) => {
  const rounds = [round({ pool: 50, inline: 100 }), round({ pool: 5, inline: 10 }), round({ pool: 60, inline: 100 })];
  t.is(medianRatio(rounds, 'pool', { of: 'rate', to: 'inline' }), 0.5);
});

test('a round that lacks one of the two does not count', (t) => {
  const rounds = [round({ pool: 50 }), round({ inline: 10 }), round({ pool: 30, inline: 10 })];
  t.is(medianRatio(rounds, 'pool', { of: 'rate', to: 'inline' }), 3);
});

test('there is no ratio to what was not measured, nor to nothing', (t) => {
  t.is(medianRatio([round({ pool: 50 })], 'pool', { of: 'rate', to: 'inline' }), null);
  t.is(medianRatio([round({ pool: 50, inline: 0 })], 'pool', { of: 'rate', to: 'inline' }), null);
  t.is(medianRatio([], 'pool', { of: 'rate', to: 'inline' }), null);
});

test('shuffling keeps all and changes nothing', (t) => {
  const property = fc.property(fc.array(fc.integer()), (items) => {
    const before = [...items];
    const after = shuffled(items);
    t.deepEqual(items, before);
    t.deepEqual(after.toSorted(), before.toSorted());
  });
  t.notThrows(() => fc.assert(property, { numRuns: 300 }));
});

test('every order comes up', (t) => {
  const seen = new Set(Array.from({ length: 500 }, () => shuffled(['a', 'b', 'c']).join('')));
  t.is(seen.size, 6);
});
