/** Where things stand in a batch: its requests, and the replies that can be sent together. */
import { payloadLength, payloadStart } from '../../../wire/frame.ts';
import { NOTHING, PENDING, type Slot } from '../../../workers/slot.ts';
import type { Batch, FrameRange } from './batcher.ts';

/** Consecutive frames, and where their replies stand in the output. */
export type ReplySpan = { frames: number; from: number; to: number };
const UNSETTLED_SPAN: ReplySpan = { frames: 0, from: 0, to: 0 };
const EMPTY_SPAN: ReplySpan = { frames: 1, from: 0, to: 0 };

/** The frames from `index` on that can be settled together: whose replies stand one behind the other. */
export function replySpanAt(
  { states, starts }: Slot,
  index: number,
  end: number,
  done: Uint8Array | undefined,
): ReplySpan {
  const state = done?.[index] === 1 ? PENDING : Atomics.load(states, index);
  if (state === NOTHING) return EMPTY_SPAN;
  if (state < 0 || state === PENDING) return UNSETTLED_SPAN;
  const from = starts[index] as number;
  let to = from + state;
  let next = index + 1;
  while (next < end && done?.[next] !== 1) {
    const length = Atomics.load(states, next);
    if (length <= 0 || starts[next] !== to) break;
    to += length;
    next += 1;
  }
  return { frames: next - index, from, to };
}

/** Where each frame stands in the input, from the first on. */
export function* framesIn({
  slot: { input },
  frames,
}: Batch): Generator<{ index: number; start: number; payload: number; end: number }> {
  let start = 0;
  for (let index = 0; index < frames; index += 1) {
    const payload = payloadStart(input, start);
    const end = payload + payloadLength(input, start);
    yield { index, start, payload, end };
    start = end;
  }
}

/** Finds the piece that a frame is in, and where that begins in the batch; to be asked in the order of the frames. */
export function rangeFinder(ranges: readonly FrameRange[]): (index: number) => { range: FrameRange; base: number } {
  let at = 0;
  let base = 0;
  return (index) => {
    for (let end = base + (ranges[at] as FrameRange).count; index >= end; end += (ranges[at] as FrameRange).count) {
      base = end;
      at += 1;
    }
    return { range: ranges[at] as FrameRange, base };
  };
}

/** The pieces without their first `frames` frames. */
export function tail(ranges: readonly FrameRange[], frames: number): FrameRange[] {
  let skip = frames;
  return ranges.flatMap((range) => {
    const gone = Math.min(skip, range.count);
    skip -= gone;
    return gone === range.count ? [] : [{ ...range, first: range.first + gone, count: range.count - gone }];
  });
}
