/**
 * The control word of a batch: which of its frames may still be begun, and by whom.
 *
 *     bit 31                24 23              12 11               0
 *     ┌───────────────────────┬──────────────────┬─────────────────┐
 *     │ generation            │ limit            │ cursor          │
 *     └───────────────────────┴──────────────────┴─────────────────┘
 *
 * Frames below the cursor have been claimed by the worker; those from the cursor to the limit are anybody's. The worker
 * claims one by raising the cursor, the main thread takes all the rest back by lowering the limit to the cursor. Both
 * do so by one compare-and-exchange on the whole word, so a frame is claimed or taken back and never both. The
 * generation changes with each use of the slot: a worker that still held an earlier batch could claim nothing.
 */

/** How many frames the word can count. */
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

/** Offers `frames` frames, in a new generation. Only the slot's owner may call this, while no worker has the slot. */
export function offer({ words, index }: WordAt, frames: number): void {
  const generation = (generationOf(Atomics.load(words, index)) + 1) % GENERATIONS;
  Atomics.store(words, index, wordOf(generation, frames, 0));
}

/** The worker's side. Returns the number of the frame that is now its own, or -1 when there is none left. */
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

/** The main thread's side. Returns the range of frames, from and to, that no worker can begin from now on. */
export function takeBack({ words, index }: WordAt): { from: number; to: number } {
  let word = Atomics.load(words, index);
  for (;;) {
    const cursor = cursorOf(word);
    const seen = Atomics.compareExchange(words, index, word, wordOf(generationOf(word), cursor, cursor));
    if (seen === word) return { from: cursor, to: limitOf(word) };
    word = seen;
  }
}
