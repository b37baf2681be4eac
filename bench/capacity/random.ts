/** Random numbers that are the same for the same seed, and distributions of times. */

/** Values that vary less are the same. */
const MIN_VARIATION = 1e-4;

/** From 0 to 1, both excluded. */
export type Random = () => number;

/** The generator mulberry32. @param seed a whole number. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (((mixed ^ (mixed >>> 14)) >>> 0) + 0.5) / 4_294_967_296;
  };
}

export function exponential(random: Random, mean: number): number {
  return -mean * Math.log(random());
}

/**
 * A gamma distribution with this mean and coefficient of variation: with 0 every value is the mean, with 1 it is the exponential
 * distribution. The method is that of Marsaglia and Tsang, https://doi.org/10.1145/358407.358414.
 */
export function gamma(random: Random, mean: number, variation: number): number {
  if (variation < MIN_VARIATION) return mean;
  const shape = 1 / variation ** 2;
  return (mean / shape) * standardGamma(random, shape);
}

function standardGamma(random: Random, shape: number): number {
  if (shape < 1) return standardGamma(random, shape + 1) * random() ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = normal(random);
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(random()) < x ** 2 / 2 + d - d * v + d * Math.log(v)) return d * v;
  }
}

function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
}
