/** Slopes and their standard errors, and the faults of a soak. */
import test from 'ava';
import { createRandom } from '../../chaos/random.ts';
import { isLevel, type Slope, slopeOf } from '../../chaos/slope.ts';
import { growthFaults, type SoakSample } from '../../chaos/soak-growth.ts';

const line = (perSecond: number, noise: (index: number) => number = () => 0) =>
  Array.from({ length: 60 }, (_unused, index) => ({
    seconds: index * 10,
    value: 100 + perSecond * index * 10 + noise(index),
  }));

test('a straight line has its slope and a standard error of 0', (t) => {
  const slope = slopeOf(line(0.5)) as Slope;
  t.true(Math.abs(slope.perHour - 1_800) < 1e-6);
  t.true(slope.standardError < 1e-6);
  t.is(slope.samples, 60);
});

test('noise around a level line is level; noise around a rising line is not', (t) => {
  const random = createRandom(1);
  const noise = (): number => random.next() - 0.5;
  t.true(isLevel(slopeOf(line(0, noise)) as Slope, 1));
  t.false(isLevel(slopeOf(line(0.01, noise)) as Slope, 1));
});

test('a negligible slope is level, however small its standard error', (t) => {
  t.true(isLevel(slopeOf(line(0.9 / 3_600)) as Slope, 1));
  t.false(isLevel(slopeOf(line(1.1 / 3_600)) as Slope, 1));
});

test('the standard error agrees with a hand calculation', (t) => {
  // x = 0, 1, 2, 3 and y = 0, 1, 1, 2: slope 0.6, residuals -0.1, 0.3, -0.3, 0.1, so 0.2 / 2 / 5 under the root.
  const slope = slopeOf([0, 1, 1, 2].map((value, seconds) => ({ seconds, value }))) as Slope;
  t.true(Math.abs(slope.perHour / 3_600 - 0.6) < 1e-9);
  t.true(Math.abs(slope.standardError / 3_600 - Math.sqrt(0.02)) < 1e-9);
});

test('two samples, and samples of one moment, have no slope', (t) => {
  t.is(slopeOf(line(1).slice(0, 2)), undefined);
  t.is(slopeOf([1, 2, 3].map((value) => ({ seconds: 0, value }))), undefined);
});

const samples = (descriptors: number[], threads: number[] = []): SoakSample[] =>
  descriptors.map((each, at) => ({ seconds: at, rssMiB: 1, heapMiB: 1, descriptors: each, threads: threads[at] ?? 1 }));

test('growing memory and growing descriptors are faults; shrinking memory is not', (t) => {
  t.deepEqual(growthFaults(slopeOf(line(0)), samples([20, 24])), []);
  t.deepEqual(growthFaults(slopeOf(line(-1)), samples([20])), []);
  t.regex(growthFaults(slopeOf(line(1)), samples([20])).join(), /^memory grows by 3600\.00/);
  t.deepEqual(growthFaults(slopeOf(line(0)), samples([20, 25])), ['descriptors: 20 → 25']);
  t.is(growthFaults(undefined, samples([20])).length, 1);
});

test('a lasting increase of threads is a fault; a fluctuation is not', (t) => {
  const faultsOf = (...threads: number[]): string[] =>
    growthFaults(slopeOf(line(0)), samples([20, 20, 20, 20], threads));
  t.deepEqual(faultsOf(12, 13, 13, 13), []);
  t.deepEqual(faultsOf(12, 12, 14, 12), []);
  t.deepEqual(faultsOf(12, 13, 14, 15), ['threads: at most 13 → at least 14']);
});
