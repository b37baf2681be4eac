/** A request that no worker has. */
import type { FrameWalk } from '../../../wire/frame-walk.ts';
import type { OpenRequest } from '../cancel/open-requests.ts';
import type { FrameRange } from '../connection/frame-range.ts';
import type { ReplyQueue, Settlement } from '../connection/reply-queue.ts';
import type { RequestGroup } from '../connection/request-group.ts';

/** The part of its holder that a waiting request uses. */
export type WaitingHolder = {
  /** The frames of a range. */
  framesOf(range: FrameRange): FrameWalk;
  /** Called when a request of the range must not start any more. */
  onSkipped?(range: FrameRange): void;
};

export class WaitingRequest implements OpenRequest {
  readonly position: number;
  readonly startedAt = undefined;
  readonly startedBy = 0;
  readonly #range: FrameRange;
  readonly #holder: WaitingHolder;
  #payload: Buffer | undefined;

  constructor(range: FrameRange, position: number, holder: WaitingHolder, payload?: Buffer) {
    this.#range = range;
    this.position = position;
    this.#holder = holder;
    this.#payload = payload;
  }

  get replyQueue(): ReplyQueue {
    return this.#range.replyQueue;
  }

  get group(): RequestGroup {
    return this.#range.group;
  }

  get payload(): Buffer {
    this.#payload ??= payloadAt(this.#holder.framesOf(this.#range), this.position - this.#range.first);
    return this.#payload;
  }

  place(): undefined {}

  hasStarted(): boolean {
    return false;
  }

  /** The batch that takes the request marks it as cancelled, by `group.cancelled`. */
  skip(): boolean {
    this.#holder.onSkipped?.(this.#range);
    return false;
  }

  settleEarly(settlement: Settlement): void {
    this.replyQueue.settleEarly(this.group, this.position, settlement);
  }

  running(): never {
    throw new TypeError('a waiting request does not run');
  }
}

/** Visits the requests of a range that no worker has. */
export function visitWaiting(range: FrameRange, holder: WaitingHolder, visitor: (request: OpenRequest) => void): void {
  const frames = holder.framesOf(range);
  const end = range.first + range.count;
  for (let position = range.first; position < end && frames.next(); position += 1) {
    visitor(new WaitingRequest(range, position, holder, frames.payload));
  }
}

/** The payload of the frame with this number. */
export function payloadAt(frames: FrameWalk, number: number): Buffer {
  for (let left = number; left >= 0; left -= 1) frames.next();
  return frames.payload;
}
