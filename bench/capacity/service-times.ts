/** How long requests take without a wait: from a file, from a mean, or from two quantiles. Times are milliseconds. */
import { readFileSync } from 'node:fs';
import { createRandom, gamma, normal, type Random } from './random.ts';

export type ServiceTimes = {
  /** Where they come from, in words. */
  readonly source: string;
  readonly meanMs: number;
  /** The coefficient of variation: the standard deviation divided by the mean. */
  readonly cv: number;
  sample(random: Random): number;
};

/** Of the standard normal distribution. */
const NORMAL_P99 = 2.326_347_874;
const QUANTILE_SAMPLES = 200_000;

/**
 * Gamma distributed: with a `cv` of 0 all times are equal, with 1 they are exponentially distributed.
 * @param cv not negative.
 */
export function gammaTimes(meanMs: number, cv: number): ServiceTimes {
  const shape = 1 / cv ** 2;
  const source = `mean ${meanMs} ms, coefficient of variation ${cv}`;
  const isConstant = !Number.isFinite(shape);
  return { source, meanMs, cv, sample: (random) => (isConstant ? meanMs : meanMs * gamma(random, shape)) };
}

/** Each of the measured times is equally likely. */
export function measuredTimes(times: readonly number[], source: string): ServiceTimes {
  if (times.length === 0) throw new Error(`${source}: no service time. Write one number of milliseconds on each line`);
  const meanMs = times.reduce((sum, each) => sum + each, 0) / times.length;
  const variance = times.reduce((sum, each) => sum + (each - meanMs) ** 2, 0) / times.length;
  const sample = (random: Random): number => times[Math.floor(random() * times.length)] as number;
  return { source, meanMs, cv: Math.sqrt(variance) / meanMs, sample };
}

/** Lognormally distributed, by the two quantiles that a service reports of itself. */
export function quantileTimes({ p50, p99 }: { p50: number; p99: number }, source: string): ServiceTimes {
  const sigma = Math.log(Math.max(1, p99 / p50)) / NORMAL_P99;
  const meanMs = p50 * Math.exp(sigma ** 2 / 2);
  const cv = Math.sqrt(Math.exp(sigma ** 2) - 1);
  return { source, meanMs, cv, sample: (random) => p50 * Math.exp(sigma * normal(random)) };
}

/** One number of milliseconds on each line; empty lines, and those that begin with `#`, count for nothing. */
export function readTimes(file: string): ServiceTimes {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new Error(`--times ${file}: ${(cause as Error).message}`, { cause });
  }
  const times = text.split('\n').flatMap((line, index) => {
    const value = line.trim();
    if (value === '' || value.startsWith('#')) return [];
    const ms = Number(value);
    if (Number.isFinite(ms) && ms > 0) return [ms];
    throw new Error(
      `--times ${file}, line ${index + 1}: ${value.slice(0, 40)} is not a number of milliseconds above 0`,
    );
  });
  return measuredTimes(times, `--times ${file}`);
}

/** The 99th percentile, by sampling: no number of instances makes that of the responses shorter. */
export function p99Of({ sample }: ServiceTimes, seed: number): number {
  const random = createRandom(seed, 99);
  const times = Float64Array.from({ length: QUANTILE_SAMPLES }, () => sample(random)).sort();
  return quantileOf(times, 0.99);
}

/** @param sorted in ascending order, and not empty. */
export function quantileOf(sorted: ArrayLike<number>, share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] as number;
}
