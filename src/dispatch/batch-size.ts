/** How many requests a batch has, by their measured time. */
import { MAX_FRAMES } from '../../workers/slot.ts';
import { TASKS_PER_THREAD } from '../pool/first-thread.ts';

/**
 * How long a batch should keep a thread busy, in microseconds: long enough to be worth a hand-over, short enough that
 * other threads get their share.
 */
const TARGET_US = 1000;
/**
 * How long it may while so many requests are open that every thread has its share all the same: a hand-over and its result
 * cost the main thread as much as a tenth of a millisecond of work.
 */
const MAX_US = 4 * TARGET_US;
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

/** How many of the open requests each batch has, if all that threads may hold at the same time have as many. */
export function shareOf(requests: number, maxThreads: number): number {
  return requests / (TASKS_PER_THREAD * Math.max(1, maxThreads));
}

/**
 * @param spread see `createBatcher`.
 * @param share see `shareOf`.
 */
export function createBatchSize(spread: boolean, share: () => number = () => 1): BatchSize {
  let usPerFrame = GUESS_US;
  let isMeasured = false;

  return {
    limit() {
      if (spread && !isMeasured) return 1;
      const frames = Math.max(TARGET_US / usPerFrame, Math.min(MAX_US / usPerFrame, share()));
      return Math.max(1, Math.min(MAX_FRAMES, Math.floor(frames)));
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
