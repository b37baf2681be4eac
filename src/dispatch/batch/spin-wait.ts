/**
 * Checks shared memory for the results of short batches, for a moment, instead of sleeping until the worker's message
 * arrives: the wake-up takes longer than such a batch.
 */
import { availableParallelism } from 'node:os';
import type { InFlightBatch } from './in-flight-batch.ts';

/** How long the checks go on after the last short batch, in microseconds. */
const SPIN_US = 50;
/** A batch of more requests than this finishes sooner when this thread leaves its processor to others. */
const MAX_FRAMES = 16;

export type SpinWait = {
  /** Checks for the results of a batch that has just been dispatched, if the batch is expected to be short. */
  follow(inFlight: InFlightBatch, expectedUs: number): void;
  stop(): void;
};

/**
 * Each check is a turn of the event loop, so that input is read in between.
 * @param inFlightBatches the batches that workers have.
 * @param onFinished called for each batch of which every frame has an outcome, perhaps more than once.
 * @param processors with a single one, the worker could not run while this thread checks.
 */
export function createSpinWait(
  inFlightBatches: ReadonlySet<InFlightBatch>,
  onFinished: (inFlight: InFlightBatch) => void,
  processors: number = availableParallelism(),
): SpinWait {
  let untilMs = 0;
  let immediate: NodeJS.Immediate | undefined;

  function check(): void {
    immediate = undefined;
    let isAnyOpen = false;
    for (const inFlight of inFlightBatches) {
      if (inFlight.isFinished()) onFinished(inFlight);
      else isAnyOpen = true;
    }
    if (isAnyOpen && performance.now() < untilMs) immediate = setImmediate(check);
  }

  return {
    follow({ frames }, expectedUs) {
      if (processors < 2 || frames > MAX_FRAMES || expectedUs > SPIN_US) return;
      untilMs = performance.now() + SPIN_US / 1000;
      immediate ??= setImmediate(check);
    },
    stop() {
      clearImmediate(immediate);
      untilMs = 0;
    },
  };
}
