/** One connection's requests and replies: from the frames that arrive to the frames that are sent. */
import { mayHaveControl, readControl } from '../../../wire/control-frames.ts';
import { type LaunchpoolError, type PlainError, toPlain } from '../../../wire/errors.ts';
import { FrameWalk } from '../../../wire/frame-walk.ts';
import type { IdText } from '../../../wire/id-text.ts';
import {
  createReplyQueue,
  type ReplyQueue,
  type ReplyQueueOptions,
  type ReplySink,
  type Retain,
} from './reply-queue.ts';
import { createRequestQueue, type RequestQueue, type RequestQueueOptions } from './request-queue.ts';

/** The highest number of bytes of open requests of one connection. */
const MAX_OPEN_BYTES = 8 * 1024 * 1024;

export type Conversation = {
  /**
   * Takes whole frames with their headers. Reads the bytes during the call; keeps them only if `own` is true.
   * @param frames the number of frames, if it is known.
   * @param own whether the bytes belong to this call from now on.
   */
  dispatch(run: Buffer, frames?: number, own?: boolean): void;
  /** Ends the conversation with an error, behind the replies to all requests before it. */
  refuse(error: LaunchpoolError): void;
  /** Whether any request has no outcome yet. */
  readonly isBusy: boolean;
  /** Whether the connection must stop reading for now. */
  readonly isOverfull: boolean;
  /** The client reads again: starts waiting requests. */
  resume(): void;
  /** The connection is closed: cancels its requests, drops later outcomes, and lets its notifications run. */
  abandon(): void;
};

/** Shared by all conversations. */
export type ConversationOptions = ReplyQueueOptions & {
  /** Resolves when the module's kind is known. */
  knowsKind: () => Promise<void>;
  requestQueue: RequestQueueOptions;
  /** The reply queues that may have open requests. */
  replyQueues: Set<ReplyQueue>;
  /** Cancels the request with this id. */
  cancel: (requestQueue: RequestQueue, id: IdText) => void;
  /** Cancels every request whose reply the client would have read. */
  cancelAll: (requestQueue: RequestQueue) => void;
};

export function createConversation(sink: ReplySink, options: ConversationOptions): Conversation {
  return new ConnectionConversation(sink, options);
}

/** A class: a closure would take its memory for each of thousands of connections. */
class ConnectionConversation implements Conversation, ReplySink {
  readonly #sink: ReplySink;
  readonly #options: ConversationOptions;
  readonly #replyQueue: ReplyQueue;
  readonly #requestQueue: RequestQueue;
  #refusal: LaunchpoolError | undefined;
  /** Frames that may be for the agent itself, and all later frames, until the module's kind is known. */
  #held: { run: Buffer; arrivedAt: number }[] | undefined;

  constructor(sink: ReplySink, options: ConversationOptions) {
    this.#sink = sink;
    this.#options = options;
    this.#replyQueue = createReplyQueue(this, options);
    this.#requestQueue = createRequestQueue(this.#replyQueue, options.requestQueue);
    options.replyQueues.add(this.#replyQueue);
  }

  get isBusy(): boolean {
    return this.#replyQueue.requests > 0 || this.#requestQueue.hasQueued || this.#held !== undefined;
  }

  get isOverfull(): boolean {
    const { admission } = this.#options.requestQueue;
    if (this.#requestQueue.hasQueued || this.#held !== undefined || admission.isFull) return true;
    return this.#replyQueue.bytes > MAX_OPEN_BYTES;
  }

  dispatch(run: Buffer, frames?: number, own?: boolean): void {
    const { kind } = this.#options;
    const arrivedAt = performance.now();
    if (this.#held !== undefined) this.#held.push({ run: Buffer.from(run), arrivedAt });
    else if (kind() === 'raw' || !mayHaveControl(run)) {
      this.#requestQueue.dispatch(run, { arrivedAt, dueAt: Number.POSITIVE_INFINITY }, frames, own);
    } else if (kind() === 'rpc') this.#dispatchEach(run, arrivedAt);
    else this.#hold(run, arrivedAt);
  }

  /** To a raw agent, a control frame is a message like any other. */
  async #hold(run: Buffer, arrivedAt: number): Promise<void> {
    this.#held = [{ run: Buffer.from(run), arrivedAt }];
    await this.#options.knowsKind();
    const held = this.#held;
    this.#held = undefined;
    const isRaw = this.#options.kind() === 'raw';
    for (const { run: each, arrivedAt: at } of held) {
      if (isRaw) this.#requestQueue.dispatch(each, { arrivedAt: at, dueAt: Number.POSITIVE_INFINITY }, undefined, true);
      else this.#dispatchEach(each, at);
    }
    if (this.#replyQueue.abandoned) this.#cancelAll();
    else this.#sink.settled();
  }

  /** Dispatches each frame with the deadline that it carries; carries out the cancellations. */
  #dispatchEach(run: Buffer, arrivedAt: number): void {
    for (const frames = new FrameWalk(run); frames.next(); ) {
      const control = readControl(frames.payload);
      if (control?.kind === 'cancel') {
        this.#options.cancel(this.#requestQueue, control.id);
        continue;
      }
      const dueAt = control === undefined ? Number.POSITIVE_INFINITY : arrivedAt + control.timeoutMs;
      this.#requestQueue.dispatch(frames.frame, { arrivedAt, dueAt }, 1);
    }
  }

  resume(): void {
    this.#requestQueue.resume();
    this.#refuseInTurn();
  }

  async refuse(error: LaunchpoolError): Promise<void> {
    // The form of the error depends on the module's kind.
    await this.#options.knowsKind();
    this.#refusal = error;
    this.#refuseInTurn();
  }

  abandon(): void {
    this.#replyQueue.abandon();
    if (this.#held === undefined) this.#cancelAll();
  }

  #cancelAll(): void {
    this.#options.cancelAll(this.#requestQueue);
    // The rest of the waiting requests are notifications: they run.
    this.#requestQueue.resume();
    this.#forgetIfSettled();
  }

  #forgetIfSettled(): void {
    if (this.#replyQueue.requests === 0) this.#options.replyQueues.delete(this.#replyQueue);
  }

  /** The refusal comes behind the replies to all requests that have arrived, also those that have not started. */
  #refuseInTurn(): void {
    if (this.#refusal !== undefined && !this.#requestQueue.hasQueued && this.#held === undefined)
      this.#replyQueue.refuse(toPlain(this.#refusal));
  }

  // The sink of the reply queue.

  send(frames: Uint8Array, retain?: Retain): void {
    this.#sink.send(frames, retain);
  }

  fail(error: PlainError): void {
    this.#sink.fail(error);
  }

  isWriteBlocked(): boolean {
    return this.#sink.isWriteBlocked();
  }

  settled(): void {
    this.resume();
    // The ids are read again at the next cancellation.
    if (this.#replyQueue.ids !== undefined && !this.isBusy) this.#replyQueue.ids = undefined;
    if (this.#replyQueue.abandoned) this.#forgetIfSettled();
    this.#sink.settled();
  }
}
