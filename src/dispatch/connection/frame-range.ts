/** What batches consist of: ranges of the requests that connections have sent. */
import type { OpenRequest } from './open-request.ts';
import type { ReplyQueue } from './reply-queue.ts';
import type { Place, RequestGroup } from './request-group.ts';

/** What has a range: a queue, or a batch. */
export type RangeHolder = {
  /** The request at a position of the range; undefined if it has an outcome. */
  requestAt(range: FrameRange, position: number): OpenRequest | undefined;
  /** Visits the requests of the range that have no outcome, in order. */
  visitRange(range: FrameRange, visitor: (request: OpenRequest) => void): void;
};

/** Consecutive requests of one group. */
export class FrameRange implements Place {
  readonly replyQueue: ReplyQueue;
  readonly group: RequestGroup;
  /** The position of the first one in its group. */
  first: number;
  count: number;
  /** How many threads have exited before they started the batch of this range. */
  deaths = 0;
  holder: RangeHolder | undefined = undefined;
  /** In a batch: the number of its first frame, and where that begins in the input. */
  index = 0;
  offset = 0;

  constructor(replyQueue: ReplyQueue, group: RequestGroup, first: number, count: number) {
    this.replyQueue = replyQueue;
    this.group = group;
    this.first = first;
    this.count = count;
    group.addPlace(this);
  }

  /** Cuts off the first `count` requests, and returns them as a range of their own. */
  takeFirst(count: number): FrameRange {
    const { first } = this;
    this.first += count;
    this.count -= count;
    return this.#part(first, count);
  }

  /** Cuts off all but the first `count` requests, and returns them as a range of their own. */
  takeAfter(count: number): FrameRange {
    const rest = this.count - count;
    this.count = count;
    return this.#part(this.first + count, rest);
  }

  #part(first: number, count: number): FrameRange {
    const part = new FrameRange(this.replyQueue, this.group, first, count);
    part.deaths = this.deaths;
    return part;
  }

  requestAt(position: number): OpenRequest | undefined {
    return this.holder?.requestAt(this, position);
  }

  visit(visitor: (request: OpenRequest) => void): void {
    this.holder?.visitRange(this, visitor);
  }
}

/** How many requests of a group, from one position up to another, were not settled early. */
export function countUnsettled({ cancelled }: RequestGroup, from: number, to: number): number {
  let count = to - from;
  if (cancelled === undefined) return count;
  for (let position = from; position < to; position += 1) if (cancelled.has(position)) count -= 1;
  return count;
}

/** The range of a batch that contains a frame. */
export function rangeAt(ranges: readonly FrameRange[], index: number): FrameRange {
  let [low, high] = [0, ranges.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((ranges[middle] as FrameRange).index <= index) low = middle;
    else high = middle - 1;
  }
  return ranges[low] as FrameRange;
}

/** Removes all but the first `frames` frames from the ranges of a batch, and returns them. */
export function takeRangesAfter(ranges: FrameRange[], frames: number): FrameRange[] {
  const at = ranges.findIndex(({ index, count }) => index + count > frames);
  const rest = at < 0 ? [] : ranges.splice(at);
  const [first] = rest;
  if (first === undefined || first.index >= frames) return rest;
  ranges.push(first);
  rest[0] = first.takeAfter(frames - first.index);
  return rest;
}
