/** Which replies in a slot can be sent together. */
import { NOTHING, PENDING, type Slot } from '../../../workers/slot.ts';

/** Consecutive frames, and the place of their replies in the output. */
export type ReplySpan = { frames: number; from: number; to: number };
const UNSETTLED_SPAN: ReplySpan = { frames: 0, from: 0, to: 0 };
const EMPTY_SPAN: ReplySpan = { frames: 1, from: 0, to: 0 };

/**
 * The frames from `index` on whose replies are adjacent in the output.
 * @param settled which frames are settled already: 1 by their index.
 */
export function replySpanAt(
  { states, starts }: Slot,
  index: number,
  end: number,
  settled: Uint8Array | undefined,
): ReplySpan {
  const state = settled?.[index] === 1 ? PENDING : Atomics.load(states, index);
  if (state === NOTHING) return EMPTY_SPAN;
  if (state < 0 || state === PENDING) return UNSETTLED_SPAN;
  const from = starts[index] as number;
  let to = from + state;
  let next = index + 1;
  while (next < end && settled?.[next] !== 1) {
    const length = Atomics.load(states, next);
    if (length <= 0 || starts[next] !== to) break;
    to += length;
    next += 1;
  }
  return { frames: next - index, from, to };
}
