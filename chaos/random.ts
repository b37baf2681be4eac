/** Random numbers from a seed, so that a run can be repeated (mulberry32). */
import { randomInt } from 'node:crypto';

export type Random = {
  readonly seed: number;
  /** At least 0, and less than 1. */
  next(): number;
  /** An integer from `low` to `high`, both included. */
  between(low: number, high: number): number;
  chance(probability: number): boolean;
  pick<Value>(list: readonly Value[]): Value;
  bytes(length: number): Buffer;
  /** A generator that depends only on the seed and the index, and not on the numbers drawn before. */
  fork(index: number): Random;
};

/** A random seed, for runs without --seed. */
export function newSeed(): number {
  return randomInt(2 ** 32);
}

export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const between = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1));
  return {
    seed,
    next,
    between,
    chance: (probability) => next() < probability,
    pick: (list) => list[between(0, list.length - 1)] as never,
    bytes: (length) => Buffer.from(Array.from({ length }, () => between(0, 255))),
    fork: (index) => createRandom(seed ^ Math.imul(index + 1, 0x9e3779b1)),
  };
}
