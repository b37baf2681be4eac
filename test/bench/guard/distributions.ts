/** Random numbers from a seed, in distributions that are symmetric around 0. */

/** Marsaglia's xorshift, https://doi.org/10.18637/jss.v008.i14 */
export function seededRandom(seed: number): () => number {
  let state = (seed * 2_654_435_761) | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return ((state >>> 0) + 0.5) / 2 ** 32;
  };
}

type Distribution = (random: () => number) => number;

export const uniform: Distribution = (random) => random() - 0.5;

export const normal: Distribution = (random) => Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());

export const laplace: Distribution = (random) => Math.log(random()) - Math.log(random());

export const cauchy: Distribution = (random) => Math.tan(Math.PI * (random() - 0.5));

/** One value of ten comes from a machine that does something else. */
export const contaminated: Distribution = (random) => normal(random) * (random() < 0.1 ? 30 : 1);
