/** Divides the work for one stream, so that the event loop of its thread turns for other requests. */
import { performance } from 'node:perf_hooks';

/** How long a stream takes values without a turn of the event loop, in milliseconds. */
const SLICE_MS = 1;

/** Resolves when the event loop has turned. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export class Slices {
  #endAt = performance.now() + SLICE_MS;
  /** Whether the event loop has turned since the stream began. */
  hasTurned = false;

  get isOver(): boolean {
    return performance.now() >= this.#endAt;
  }

  async next(): Promise<void> {
    await nextTurn();
    this.hasTurned = true;
    this.#endAt = performance.now() + SLICE_MS;
  }
}
