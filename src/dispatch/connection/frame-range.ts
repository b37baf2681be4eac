/** What batches consist of: ranges of the requests that connections have sent. */
import type { ReplyQueue, RequestGroup } from './reply-queue.ts';

/** Consecutive requests of one group. */
export type FrameRange = {
  replyQueue: ReplyQueue;
  group: RequestGroup;
  /** The position of the first one in its group. */
  first: number;
  count: number;
  /** How many threads have exited before they started the batch of this range. */
  deaths?: number;
};

/** Whether every request of the range is settled already. */
export function isCancelled({ group: { cancelled }, first, count }: FrameRange): boolean {
  if (cancelled === undefined || cancelled.size < count) return false;
  for (let position = first; position < first + count; position += 1) if (!cancelled.has(position)) return false;
  return true;
}

/**
 * Finds the range of a frame in a batch, and the index at which that range begins. The indexes that it is called with
 * must not decrease.
 */
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

/** The ranges without their first `frames` frames. */
export function withoutFirst(ranges: readonly FrameRange[], frames: number): FrameRange[] {
  let skip = frames;
  return ranges.flatMap((range) => {
    const removed = Math.min(skip, range.count);
    skip -= removed;
    return removed === range.count ? [] : [{ ...range, first: range.first + removed, count: range.count - removed }];
  });
}
