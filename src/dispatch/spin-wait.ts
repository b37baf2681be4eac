/**
 * Checks shared memory for the results of short work, for a moment, instead of sleeping until the worker's message arrives:
 * the wake-up takes longer than such work.
 */
import { availableParallelism } from 'node:os';

/** How long the checks go on after the last short work, in microseconds. */
const SPIN_US = 50;
/** Work of more requests than this finishes sooner when this thread leaves its processor to others. */
const MAX_REQUESTS = 16;

export type SpinWait = {
  /** Checks for the results of work that a thread has just got, if it is expected to be short. */
  follow(requests: number, expectedUs: number): void;
  stop(): void;
};

/**
 * Each check is a turn of the event loop, so that input is read in between.
 * @param items the work that threads have.
 * @param onFinished called for all of it that is finished, perhaps more than once.
 * @param processors with a single one, the worker could not run while this thread checks.
 */
export function createSpinWait<Item extends { isFinished(): boolean }>(
  items: ReadonlySet<Item>,
  onFinished: (item: Item) => void,
  processors: number = availableParallelism(),
): SpinWait {
  let untilMs = 0;
  let immediate: NodeJS.Immediate | undefined;

  function check(): void {
    immediate = undefined;
    let isAnyOpen = false;
    for (const item of items) {
      if (item.isFinished()) onFinished(item);
      else isAnyOpen = true;
    }
    if (isAnyOpen && performance.now() < untilMs) immediate = setImmediate(check);
  }

  return {
    follow(requests, expectedUs) {
      if (processors < 2 || requests > MAX_REQUESTS || expectedUs > SPIN_US) return;
      untilMs = performance.now() + SPIN_US / 1000;
      immediate ??= setImmediate(check);
    },
    stop() {
      clearImmediate(immediate);
      untilMs = 0;
    },
  };
}
