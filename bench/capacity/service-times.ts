/** How long requests keep a place: measured times, or a mean and a variation. Times are milliseconds. */
import { gamma, type Random } from './random.ts';

export type ServiceTimes = {
  meanMs: number;
  /** The standard deviation by the mean. */
  variation: number;
  draw: (random: Random) => number;
};

/** @param variation 0 for times that are all the same, 1 for an exponential distribution. */
export function timesOf(meanMs: number, variation: number): ServiceTimes {
  return { meanMs, variation, draw: (random) => gamma(random, meanMs, variation) };
}

/** Measured times, which are drawn as often as they were found. @throws Error if there is none, or one is below 0 */
export function measuredTimes(times: readonly number[]): ServiceTimes {
  if (times.length === 0) throw new Error('there are no service times');
  const wrong = times.find((time) => !(time >= 0 && time < Number.POSITIVE_INFINITY));
  if (wrong !== undefined) throw new Error(`${wrong} is not a time in milliseconds`);
  const meanMs = times.reduce((sum, time) => sum + time, 0) / times.length;
  if (meanMs === 0) throw new Error('all service times are 0');
  const variance = times.reduce((sum, time) => sum + (time - meanMs) ** 2, 0) / times.length;
  const draw = (random: Random): number => times[Math.floor(random() * times.length)] as number;
  return { meanMs, variation: Math.sqrt(variance) / meanMs, draw };
}

/** @param text one number on each line; empty lines and those that start with # do not count. @throws Error naming the line */
export function parseTimes(text: string): ServiceTimes {
  const times = text.split('\n').flatMap((line, index) => {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) return [];
    const time = Number(trimmed);
    if (!(time >= 0 && time < Number.POSITIVE_INFINITY))
      throw new Error(`line ${index + 1} is not a time in milliseconds: ${trimmed.slice(0, 40)}`);
    return [time];
  });
  return measuredTimes(times);
}
