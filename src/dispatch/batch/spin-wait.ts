/**
 * Looks for the results of short batches in shared memory, for a moment, instead of sleeping until the worker's message
 * comes: being woken takes longer than such a batch.
 */
import { availableParallelism } from 'node:os';
import type { InFlightBatch } from './in-flight-batch.ts';

/** For how long at most, in microseconds, from the last short batch on. */
const SPIN_US = 50;
/** A batch of more requests than this is sooner done if this thread leaves the processor to others meanwhile. */
const MAX_FRAMES = 16;

export type SpinWait = {
  /** Looks after a flight that has just begun, if it is expected to be worth it. */
  follow(inFlight: InFlightBatch, expectedUs: number): void;
  stop(): void;
};

/**
 * Each look is a turn of the event loop, so that what comes in is read meanwhile.
 * @param flights what is with a worker now.
 * @param onFinished called for each flight of which every frame has an outcome, perhaps more than once.
 * @param processors on a single one, the worker could not get on while this thread looks.
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
    let open = false;
    for (const inFlight of inFlightBatches) {
      if (inFlight.isFinished()) onFinished(inFlight);
      else open = true;
    }
    if (open && performance.now() < untilMs) immediate = setImmediate(check);
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
