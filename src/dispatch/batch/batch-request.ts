/** A request of an in-flight batch, as cancellation sees it. */
import type { OpenRequest, RequestPlace, RunningRequest } from '../cancel/open-requests.ts';
import type { FrameRange } from '../connection/frame-range.ts';
import type { ReplyQueue, Settlement } from '../connection/reply-queue.ts';
import type { RequestGroup } from '../connection/request-group.ts';

/** The part of a batch that its requests use. */
export type HoldingBatch = {
  readonly batch: { readonly ticket: number };
  readonly thread: number;
  readonly frames: number;
  readonly notStarted: number;
  skip(index: number): boolean;
  isOpen(index: number): boolean;
  readonly isCompleted: boolean;
  orphan(index: number): void;
  /** When a frame started; undefined if it has not. */
  startOf(index: number): number | undefined;
  payloadOf(range: FrameRange, index: number): Buffer;
};

export class BatchRequest implements OpenRequest {
  readonly replyQueue: ReplyQueue;
  readonly group: RequestGroup;
  readonly position: number;
  readonly startedAt: number | undefined;
  readonly #inFlight: HoldingBatch;
  readonly #range: FrameRange;
  readonly #index: number;
  #payload: Buffer | undefined;

  constructor(inFlight: HoldingBatch, range: FrameRange, index: number, payload?: Buffer) {
    this.replyQueue = range.replyQueue;
    this.group = range.group;
    this.position = range.first + index - range.index;
    this.startedAt = inFlight.startOf(index);
    this.#inFlight = inFlight;
    this.#range = range;
    this.#index = index;
    this.#payload = payload;
  }

  get payload(): Buffer {
    this.#payload ??= this.#inFlight.payloadOf(this.#range, this.#index);
    return this.#payload;
  }

  get startedBy(): number {
    return this.hasStarted() ? this.#inFlight.thread : 0;
  }

  place(): RequestPlace | undefined {
    const thread = this.startedBy;
    return thread === 0 ? undefined : { thread, ticket: this.#inFlight.batch.ticket, index: this.#index };
  }

  hasStarted(): boolean {
    return this.#index < this.#inFlight.frames - this.#inFlight.notStarted;
  }

  skip(): boolean {
    return this.#inFlight.skip(this.#index);
  }

  settleEarly(settlement: Settlement): void {
    this.replyQueue.settleEarly(this.group, this.position, settlement);
  }

  running(): RunningRequest {
    const inFlight = this.#inFlight;
    const range = this.#range;
    const index = this.#index;
    return {
      thread: inFlight.thread,
      ticket: inFlight.batch.ticket,
      index,
      isOpen: () => inFlight.isOpen(index),
      isLate: () => inFlight.isCompleted,
      orphan: () => inFlight.orphan(index),
      payload: () => inFlight.payloadOf(range, index),
    };
  }
}
