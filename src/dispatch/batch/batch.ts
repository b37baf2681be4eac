/** A batch: a slot, and the ranges of requests in it. Its ranges find their requests here, also when a worker has it. */
import { FrameWalk } from '../../../wire/frame-walk.ts';
import { CANCELLED, OUTPUT_BYTES, type Slot } from '../../../workers/slot.ts';
import type { OpenRequest } from '../cancel/open-requests.ts';
import type { FrameRange, RangeHolder } from '../connection/frame-range.ts';
import type { ReplyQueue } from '../connection/reply-queue.ts';
import { slotBytesOf } from '../connection/window.ts';
import { epochOf } from '../epoch.ts';
import { visitWaiting, WaitingRequest } from './waiting-request.ts';

export class Batch implements RangeHolder {
  readonly slot: Slot;
  readonly ticket: number;
  readonly ranges: FrameRange[] = [];
  frames = 0;
  inputEnd = 0;
  /** The expected bytes of the replies. */
  replyBytes = 0;
  /** How many of the frames are cancelled, and do not start. */
  cancelled = 0;
  /** Whether its requests have extra places. */
  isExtra = false;
  /** Finds the requests once a worker has the batch. */
  inFlight: RangeHolder | undefined = undefined;

  constructor(slot: Slot, ticket: number) {
    this.slot = slot;
    this.ticket = ticket;
  }

  /** How many replies of a connection are expected to have room in the slot: replies that fit do not wait in their thread. */
  replyRoom({ expectedBytes }: ReplyQueue): number {
    const bytes = slotBytesOf(expectedBytes);
    return bytes === 0 ? Number.POSITIVE_INFINITY : Math.ceil((OUTPUT_BYTES - this.replyBytes) / bytes);
  }

  /** Copies the frames of a range into the slot, behind those that are in it. */
  add(range: FrameRange, bytes: Buffer, from: number, to: number): void {
    bytes.copy(this.slot.input, this.inputEnd, from, to);
    range.holder = this;
    range.index = this.frames;
    range.offset = this.inputEnd;
    this.ranges.push(range);
    this.frames += range.count;
    this.replyBytes += range.count * slotBytesOf(range.replyQueue.expectedBytes);
    this.inputEnd += to - from;
  }

  /** Each range with its frames, in the order of the batch. */
  *parts(): Generator<[FrameRange, Buffer]> {
    for (const [at, range] of this.ranges.entries()) {
      const end = this.ranges[at + 1]?.offset ?? this.inputEnd;
      yield [range, this.slot.input.subarray(range.offset, end)];
    }
  }

  /** Writes what the thread may be asked about its requests. */
  writeFacts(): void {
    for (const { group, replyQueue, index, count } of this.ranges)
      this.slot.setFacts(index, index + count, epochOf(group.dueAt), replyQueue.sink.peer);
  }

  /** Marks the requests in the slot that were settled while they waited, so that they do not start. */
  markCancelled(): void {
    for (const range of this.ranges)
      if (range.group.cancelled !== undefined) this.#markRange(range, range.group.cancelled);
  }

  #markRange({ index, first, count }: FrameRange, cancelled: ReadonlySet<number>): void {
    const mark = (position: number): void => {
      this.slot.states[index + position - first] = CANCELLED;
      this.cancelled += 1;
    };
    // A group may have many ranges: each one visits the smaller of the two.
    if (cancelled.size < count) {
      for (const position of cancelled) if (position >= first && position < first + count) mark(position);
    } else {
      for (let position = first; position < first + count; position += 1) if (cancelled.has(position)) mark(position);
    }
  }

  /** The frames of a range. */
  framesOf({ offset }: FrameRange): FrameWalk {
    return new FrameWalk(this.slot.input, offset, this.inputEnd);
  }

  requestAt(range: FrameRange, position: number): OpenRequest | undefined {
    if (this.inFlight !== undefined) return this.inFlight.requestAt(range, position);
    return new WaitingRequest(range, position, this);
  }

  visitRange(range: FrameRange, visitor: (request: OpenRequest) => void): void {
    if (this.inFlight !== undefined) this.inFlight.visitRange(range, visitor);
    else visitWaiting(range, this, visitor);
  }
}
