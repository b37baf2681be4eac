/**
 * The control word of a batch: the frames that a worker has claimed, and those that it may still claim.
 *
 *     bit 31                24 23              12 11               0
 *     ┌───────────────────────┬──────────────────┬─────────────────┐
 *     │ generation            │ limit            │ cursor          │
 *     └───────────────────────┴──────────────────┴─────────────────┘
 *
 * The worker has claimed the frames below the cursor. The frames from the cursor to the limit are unclaimed. The worker
 * claims a frame by raising the cursor; the main thread takes back all unclaimed frames by lowering the limit to the
 * cursor. Each does so by one compare-and-exchange of the whole word, so a frame is either claimed or taken back, never
 * both. The generation changes with each use of the slot: a worker that still held an earlier batch could claim nothing.
 */

/** The maximum of frames that the word can count. */
export const MAX_BATCH_FRAMES = 0xfff;
const GENERATIONS = 0x100;

/** A position in shared memory that holds a control word. */
export type WordAt = { words: Int32Array; index: number };

export const cursorOf = (word: number): number => word & 0xfff;
export const limitOf = (word: number): number => (word >>> 12) & 0xfff;
export const generationOf = (word: number): number => word >>> 24;

function wordOf(generation: number, limit: number, cursor: number): number {
  return (generation << 24) | (limit << 12) | cursor;
}

/** Offers `frames` frames, in a new generation. Only the main thread may call this, while no worker has the slot. */
export function offer({ words, index }: WordAt, frames: number): void {
  const generation = (generationOf(Atomics.load(words, index)) + 1) % GENERATIONS;
  Atomics.store(words, index, wordOf(generation, frames, 0));
}

/** Claims a frame for the calling worker. Returns its number, or -1 if there is no unclaimed frame. */
export function claim({ words, index }: WordAt, generation: number): number {
  let word = Atomics.load(words, index);
  for (;;) {
    const cursor = cursorOf(word);
    if (generationOf(word) !== generation || cursor >= limitOf(word)) return -1;
    const seen = Atomics.compareExchange(words, index, word, word + 1);
    if (seen === word) return cursor;
    word = seen;
  }
}

/** Takes back the unclaimed frames for the main thread. No worker can claim the frames of the returned range. */
export function takeBack({ words, index }: WordAt): { from: number; to: number } {
  let word = Atomics.load(words, index);
  for (;;) {
    const cursor = cursorOf(word);
    const seen = Atomics.compareExchange(words, index, word, wordOf(generationOf(word), cursor, cursor));
    if (seen === word) return { from: cursor, to: limitOf(word) };
    word = seen;
  }
}
