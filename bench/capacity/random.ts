/** Random numbers that are the same at each run: generators with a seed, and the distributions that queues need. */

/** Returns numbers from 0 on, below 1. */
export type Random = () => number;

/**
 * The generator sfc32 of Chris Doty-Humphrey's PractRand: https://pracrand.sourceforge.net
 * @param stream generators of one seed with different streams are independent of each other.
 */
export function createRandom(seed: number, stream = 0): Random {
  let [a, b, c, counter] = [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0, stream >>> 0, 1];
  const next = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return sum >>> 0;
  };
  // Seeds that differ in one bit give unrelated numbers after a few rounds.
  for (let round = 0; round < 20; round += 1) next();
  return () => next() / 2 ** 32;
}

/** With mean 1. */
export function exponential(random: Random): number {
  return -Math.log(1 - random());
}

/** With mean 0 and standard deviation 1: Box and Muller. */
export function normal(random: Random): number {
  return Math.sqrt(2 * exponential(random)) * Math.cos(2 * Math.PI * random());
}

/**
 * The gamma distribution with this shape and mean 1.
 * Marsaglia and Tsang, A simple method for generating gamma variables: https://doi.org/10.1145/358407.358414
 */
export function gamma(random: Random, shape: number): number {
  // A shape below 1 is reduced to the shape above it.
  if (shape < 1) return ((gamma(random, shape + 1) * (shape + 1)) / shape) * (1 - random()) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = normal(random);
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - random()) < x ** 2 / 2 + d - d * v + d * Math.log(v)) return (d * v) / shape;
  }
}
