/** One connection's way to the threads and back: its entrance, its lane, and how its conversation ends. */
import { mayHaveControl, readControl } from '../../../wire/control-frames.ts';
import { type LaunchpoolError, type PlainError, toPlain } from '../../../wire/errors.ts';
import { payloadLength, payloadStart } from '../../../wire/frame.ts';
import type { IdText } from '../../../wire/id-text.ts';
import {
  createReplyQueue,
  type ReplyQueue,
  type ReplyQueueOptions,
  type ReplySink,
  type Retain,
} from './reply-queue.ts';
import { createRequestQueue, type RequestQueue, type RequestQueueOptions } from './request-queue.ts';

/** Of one connection. */
const MAX_BYTES_UNDER_WAY = 8 * 1024 * 1024;

export type Conversation = {
  /**
   * Takes whole frames, still framed. The bytes are read during the call and not kept.
   * @param frames how many there are, where that is known.
   * @param own whether the bytes may be kept after all.
   */
  dispatch(run: Buffer, frames?: number, own?: boolean): void;
  /** Ends the conversation because of what the other side has sent, in its turn behind the requests before it. */
  refuse(error: LaunchpoolError): void;
  /** Whether anything that has come has no outcome yet. */
  readonly isBusy: boolean;
  /** Whether nothing more should be read for now. */
  readonly isOverfull: boolean;
  /** Says that replies can be sent again. */
  resume(): void;
  /** Says that the connection is gone: outcomes to come are dropped. */
  abandon(): void;
};

export type ConversationOptions = ReplyQueueOptions & {
  /** Resolves when it is known whether the agent is raw. */
  knowsKind: () => Promise<void>;
  requestQueue: RequestQueueOptions;
  /** The lanes in which something may be under way. */
  replyQueues: Set<ReplyQueue>;
  /** A request has come that must have an outcome by a time of its own. */
  onDue: () => void;
  /** Nobody waits any more for the reply to this id. */
  cancel: (requestQueue: RequestQueue, id: IdText) => void;
  /** The connection is gone, and with it all who have waited for replies. */
  hangUp: (requestQueue: RequestQueue) => void;
};

/** @param options are shared by all passages. */
export function createConversation(end: ReplySink, options: ConversationOptions): Conversation {
  return new ConnectionConversation(end, options);
}

/** A class, as there are thousands of them. */
class ConnectionConversation implements Conversation, ReplySink {
  readonly #end: ReplySink;
  readonly #options: ConversationOptions;
  readonly #replyQueue: ReplyQueue;
  readonly #requestQueue: RequestQueue;
  #refusal: LaunchpoolError | undefined;
  /** What may be for the agent itself, and what is behind it, until it is known whether that can be. */
  #held: { run: Buffer; cameAt: number }[] | undefined;

  constructor(end: ReplySink, options: ConversationOptions) {
    this.#end = end;
    this.#options = options;
    this.#replyQueue = createReplyQueue(this, options);
    this.#requestQueue = createRequestQueue(this.#replyQueue, options.requestQueue);
    options.replyQueues.add(this.#replyQueue);
  }

  get isBusy(): boolean {
    return this.#replyQueue.requests > 0 || this.#requestQueue.hasQueued || this.#held !== undefined;
  }

  dispatch(run: Buffer, frames?: number, own?: boolean): void {
    const { kind } = this.#options;
    const cameAt = performance.now();
    if (this.#held !== undefined) this.#held.push({ run: Buffer.from(run), cameAt });
    else if (kind() === 'raw' || !mayHaveControl(run)) {
      this.#requestQueue.dispatch(run, { cameAt, dueAt: Number.POSITIVE_INFINITY }, frames, own);
    } else if (kind() === 'rpc') this.#sort(run, cameAt);
    else this.#hold(run, cameAt);
  }

  /** To a raw agent, it is a message like any other. */
  async #hold(run: Buffer, cameAt: number): Promise<void> {
    this.#held = [{ run: Buffer.from(run), cameAt }];
    await this.#options.knowsKind();
    const held = this.#held;
    this.#held = undefined;
    const isRaw = this.#options.kind() === 'raw';
    for (const { run: each, cameAt: at } of held) {
      if (isRaw) this.#requestQueue.dispatch(each, { cameAt: at, dueAt: Number.POSITIVE_INFINITY }, undefined, true);
      else this.#sort(each, at);
    }
    if (this.#replyQueue.abandoned) this.#leave();
    else this.#end.settled();
  }

  /** Hands each frame on by itself, with what it says of its time, or does what it tells the agent itself. */
  #sort(run: Buffer, cameAt: number): void {
    for (let offset = 0; offset < run.length; ) {
      const start = payloadStart(run, offset);
      const end = start + payloadLength(run, offset);
      const control = readControl(run.subarray(start, end));
      if (control?.kind === 'cancel') this.#options.cancel(this.#requestQueue, control.id);
      else {
        const dueAt = control === undefined ? Number.POSITIVE_INFINITY : cameAt + control.timeoutMs;
        if (control !== undefined) this.#options.onDue();
        this.#requestQueue.dispatch(run.subarray(offset, end), { cameAt, dueAt }, 1);
      }
      offset = end;
    }
  }

  resume(): void {
    this.#requestQueue.resume();
    this.#refuseInTurn();
  }

  async refuse(error: LaunchpoolError): Promise<void> {
    // How it is said depends on it.
    await this.#options.knowsKind();
    this.#refusal = error;
    this.#refuseInTurn();
  }

  abandon(): void {
    this.#replyQueue.abandon();
    if (this.#held === undefined) this.#leave();
  }

  #leave(): void {
    this.#options.hangUp(this.#requestQueue);
    // Begins what is left of what waits: notifications, which nobody stays for.
    this.#requestQueue.resume();
    if (this.#replyQueue.requests === 0) this.#options.replyQueues.delete(this.#replyQueue);
  }

  get isOverfull(): boolean {
    const { admission } = this.#options.requestQueue;
    if (this.#requestQueue.hasQueued || this.#held !== undefined || admission.isFull) return true;
    return this.#replyQueue.bytes > MAX_BYTES_UNDER_WAY;
  }

  // The lane's side.

  send(frames: Uint8Array, retain?: Retain): void {
    this.#end.send(frames, retain);
  }

  fail(error: PlainError): void {
    this.#end.fail(error);
  }

  isWriteBlocked(): boolean {
    return this.#end.isWriteBlocked();
  }

  settled(): void {
    this.resume();
    if (this.#replyQueue.abandoned && this.#replyQueue.requests === 0)
      this.#options.replyQueues.delete(this.#replyQueue);
    this.#end.settled();
  }

  /** Behind all requests that have come, and not only those that are under way. */
  #refuseInTurn(): void {
    if (this.#refusal !== undefined && !this.#requestQueue.hasQueued && this.#held === undefined)
      this.#replyQueue.refuse(toPlain(this.#refusal));
  }
}
