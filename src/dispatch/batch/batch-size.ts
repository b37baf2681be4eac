/** How many requests a batch has, by their measured time. */
import { MAX_FRAMES } from '../../../workers/slot.ts';

/**
 * How long a batch should keep a thread busy, in microseconds: long enough to be worth a hand-over, short enough that
 * other threads get their share.
 */
const TARGET_US = 1000;
/** The weight of a new measurement of the time per request against all earlier ones. */
const WEIGHT = 0.2;
/** The smallest time per request that counts as measured. */
const MIN_US = 0.01;
/** The time per request before the first measurement. */
const GUESS_US = 20;

export type BatchSize = {
  /** The highest number of requests in a batch. */
  limit(): number;
  /** The time that a worker is expected to need for this number of requests, in microseconds. */
  expectedUs(frames: number): number;
  /** Records the time that a worker needed for requests, in microseconds. */
  learn(us: number, frames: number): void;
};

/** @param spread see `createBatcher`. */
export function createBatchSize(spread: boolean): BatchSize {
  let usPerFrame = GUESS_US;
  let isMeasured = false;

  return {
    limit() {
      if (spread && !isMeasured) return 1;
      return Math.max(1, Math.min(MAX_FRAMES, Math.floor(TARGET_US / usPerFrame)));
    },
    expectedUs: (frames) => frames * usPerFrame,
    learn(us, frames) {
      if (frames === 0) return;
      const measured = us / frames;
      isMeasured = true;
      // The mean of logarithms: one slow request among many fast ones does not undo the earlier measurements.
      usPerFrame *= (Math.max(measured, MIN_US) / usPerFrame) ** WEIGHT;
    },
  };
}
