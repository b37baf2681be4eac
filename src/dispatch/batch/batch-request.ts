/** A request of an in-flight batch, as cancellation sees it. */
import type { OpenRequest, RunningRequest } from '../cancel/open-requests.ts';
import type { FrameRange } from '../connection/frame-range.ts';
import type { ReplyQueue, RequestGroup } from '../connection/reply-queue.ts';

/** The part of a batch that its requests use. */
export type HoldingBatch = {
  readonly batch: { readonly ticket: number };
  readonly thread: number;
  readonly frames: number;
  readonly notStarted: number;
  skip(index: number): boolean;
  isOpen(index: number): boolean;
};

export class BatchRequest implements OpenRequest {
  readonly replyQueue: ReplyQueue;
  readonly group: RequestGroup;
  readonly position: number;
  readonly payload: Buffer;
  readonly startedAt: number | undefined;
  readonly #inFlight: HoldingBatch;
  readonly #index: number;

  constructor(
    inFlight: HoldingBatch,
    { replyQueue, group, first }: FrameRange,
    index: number,
    base: number,
    payload: Buffer,
    startedAt: number | undefined,
  ) {
    this.replyQueue = replyQueue;
    this.group = group;
    this.position = first + index - base;
    this.payload = payload;
    this.startedAt = startedAt;
    this.#inFlight = inFlight;
    this.#index = index;
  }

  hasStarted(): boolean {
    return this.#index < this.#inFlight.frames - this.#inFlight.notStarted;
  }

  skip(): boolean {
    return this.#inFlight.skip(this.#index);
  }

  running(): RunningRequest {
    const inFlight = this.#inFlight;
    const index = this.#index;
    return { thread: inFlight.thread, ticket: inFlight.batch.ticket, index, isOpen: () => inFlight.isOpen(index) };
  }
}
