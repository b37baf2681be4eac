/** One connection's requests and replies: from the frames that arrive to the frames that are sent. */
import { calls } from '../../../wire/call-channel.ts';
import { mayHaveControl, type RequestControl, readControl } from '../../../wire/control-frames.ts';
import { type LaunchpoolError, type PlainError, toPlain } from '../../../wire/errors.ts';
import { FrameWalk } from '../../../wire/frame-walk.ts';
import type { IdText } from '../../../wire/id-text.ts';
import type { Peer } from '../../../workers/request-facts.ts';
import type { Conversation, ConversationOptions } from './conversation-options.ts';
import type { FrameLimits } from './method-limits.ts';
import { ObservedFrame } from './observed-frame.ts';
import type { Times } from './open-request.ts';
import { createReplyQueue, type ReplyQueue, type ReplySink, type Retain } from './reply-queue.ts';
import { createRequestQueue } from './request-queue.ts';
import type { RequestQueue } from './request-queue-options.ts';

/** The highest number of bytes of open requests of one connection. */
const MAX_OPEN_BYTES = 8 * 1024 * 1024;

const UNLIMITED = { dueAt: Number.POSITIVE_INFINITY };
const NO_LIMITS: FrameLimits = { timeoutMs: Number.POSITIVE_INFINITY, places: undefined };

/** @param peer who has connected; undefined over TCP. */
export function createConversation(sink: ReplySink, options: ConversationOptions, peer?: Peer): Conversation {
  return new ConnectionConversation(sink, options, peer);
}

/** A class: a closure would take its memory for each of thousands of connections. */
class ConnectionConversation implements Conversation, ReplySink {
  readonly peer: Peer | undefined;
  readonly #sink: ReplySink;
  readonly #options: ConversationOptions;
  readonly #replyQueue: ReplyQueue;
  readonly #requestQueue: RequestQueue;
  #refusal: LaunchpoolError | undefined;
  /** The bytes that were read since requests of this connection cannot start, while it has streams. */
  #readOn = 0;

  constructor(sink: ReplySink, options: ConversationOptions, peer: Peer | undefined) {
    this.peer = peer;
    this.#sink = sink;
    this.#options = options;
    this.#replyQueue = createReplyQueue(this, options);
    this.#requestQueue = createRequestQueue(this.#replyQueue, options.requestQueue);
    options.replyQueues.add(this.#replyQueue);
  }

  get isBusy(): boolean {
    return this.#replyQueue.requests > 0 || this.#requestQueue.hasQueued;
  }

  get isOverfull(): boolean {
    // The credit for a stream may stand behind requests that wait for the end of that stream.
    return this.#isFull && (this.#replyQueue.streams === 0 || this.#readOn > MAX_OPEN_BYTES);
  }

  get #isFull(): boolean {
    const { admission } = this.#options.requestQueue;
    if (this.#requestQueue.hasQueued || admission.isFull) return true;
    return this.#replyQueue.bytes > MAX_OPEN_BYTES;
  }

  dispatch(run: Buffer, frames?: number, own?: boolean): void {
    const arrivedAt = performance.now();
    if (this.#replyQueue.streams > 0) this.#readOn = this.#isFull ? this.#readOn + run.length : 0;
    const { isRaw, methodLimits } = this.#options;
    // To a raw agent, a control frame is a message like any other.
    if (!calls.hasSubscribers && (isRaw() || (methodLimits.isEmpty && !mayHaveControl(run)))) {
      this.#requestQueue.dispatch(run, { arrivedAt, dueAt: Number.POSITIVE_INFINITY }, frames, own);
    } else this.#dispatchEach(run, arrivedAt, own === true);
  }

  /** Dispatches each frame with what limits it; carries out what the agent itself is asked for. */
  #dispatchEach(run: Buffer, arrivedAt: number, own: boolean): void {
    /** Where the frames begin that are not dispatched yet, and how many they are: nothing limits them, and they go together. */
    let [from, free] = [0, 0];
    const dispatchTo = (to: number, count: number, limits: Omit<Times, 'arrivedAt'>): void => {
      const isAll = from === 0 && to === run.length;
      if (count > 0) this.#requestQueue.dispatch(run.subarray(from, to), { arrivedAt, ...limits }, count, own && isAll);
      from = to;
      free = 0;
    };
    const isRaw = this.#options.isRaw();
    const frames = new FrameWalk(run);
    while (frames.next()) {
      const { start, end, payload } = frames;
      const control = isRaw ? undefined : readControl(payload);
      if (control !== undefined && control.kind !== 'timeout') {
        dispatchTo(start, free, UNLIMITED);
        from = end;
        this.#carryOut(control, payload);
        if (own && control.kind === 'items') this.#options.requestQueue.recycle(run);
        continue;
      }
      const limits = this.#limitsOf(payload, control?.timeoutMs);
      const observed = calls.hasSubscribers ? new ObservedFrame(payload, isRaw) : undefined;
      if (limits === undefined && observed === undefined) {
        free += 1;
        continue;
      }
      dispatchTo(start, free, UNLIMITED);
      const { timeoutMs, places } = limits ?? NO_LIMITS;
      dispatchTo(end, 1, { dueAt: arrivedAt + timeoutMs, places, observed });
    }
    dispatchTo(frames.end, free, UNLIMITED);
  }

  /** What limits a request: its method, and its caller. The shorter time counts. Undefined if nothing does. */
  #limitsOf(payload: Buffer, timeoutMs = Number.POSITIVE_INFINITY): FrameLimits | undefined {
    const { methodLimits } = this.#options;
    const limits = methodLimits.isEmpty ? undefined : methodLimits.of(payload);
    if (limits !== undefined) return { ...limits, timeoutMs: Math.min(limits.timeoutMs, timeoutMs) };
    return timeoutMs === Number.POSITIVE_INFINITY ? undefined : { timeoutMs, places: undefined };
  }

  takeControl(run: Buffer): number {
    let taken = 0;
    if (this.#options.isRaw()) return taken;
    for (const frames = new FrameWalk(run); frames.next(); taken += 1) {
      const control = readControl(frames.payload);
      if (control === undefined || control.kind === 'timeout') break;
      this.#carryOut(control, frames.payload);
    }
    return taken;
  }

  #carryOut(control: RequestControl, payload: Buffer): void {
    if (control.kind === 'cancel') this.#options.cancel(this.#requestQueue, control.id);
    else if (control.kind === 'more') this.#options.giveMore(this.#requestQueue, control.id, control.credit);
    else this.#passItems(control.id, payload);
  }

  /** Values that nothing has asked for end their request: to leave them out would be silent. */
  #passItems(id: IdText, payload: Buffer): void {
    if (this.#options.passItems(this.#requestQueue, id, payload)) return;
    this.#options.cancel(this.#requestQueue, id);
  }

  resume(): void {
    this.#options.unpark(this.#replyQueue);
    this.#requestQueue.resume();
    this.#refuseInTurn();
  }

  refuse(error: LaunchpoolError): void {
    this.#refusal = error;
    this.#refuseInTurn();
  }

  cancelRequests(): void {
    this.#options.cancelAll(this.#requestQueue);
    this.resume();
  }

  abandon(): void {
    this.#replyQueue.abandon();
    this.#options.cancelAll(this.#requestQueue);
    this.#options.unpark(this.#replyQueue);
    // The rest of the waiting requests are notifications: they run.
    this.#requestQueue.resume();
    this.#forgetIfSettled();
  }

  #forgetIfSettled(): void {
    if (this.#replyQueue.requests === 0) this.#options.replyQueues.delete(this.#replyQueue);
  }

  /** The refusal comes behind the replies to all requests that have arrived, also those that have not started. */
  #refuseInTurn(): void {
    if (this.#refusal !== undefined && !this.#requestQueue.hasQueued) this.#replyQueue.refuse(toPlain(this.#refusal));
  }

  // The sink of the reply queue.

  send(frames: Uint8Array, retain?: Retain): void {
    this.#sink.send(frames, retain);
  }

  sendPart(frames: Uint8Array, onTaken: () => void): void {
    this.#sink.sendPart(frames, onTaken);
  }

  fail(error: PlainError): void {
    this.#sink.fail(error);
  }

  isWriteBlocked(): boolean {
    return this.#sink.isWriteBlocked();
  }

  onFault(error: unknown): void {
    this.#sink.onFault(error);
  }

  balance(): void {
    this.#sink.balance();
  }

  settled(): void {
    this.resume();
    // The ids are read again at the next cancellation.
    if (this.#replyQueue.ids !== undefined && !this.isBusy) this.#replyQueue.ids = undefined;
    if (this.#replyQueue.abandoned) this.#forgetIfSettled();
    this.#sink.settled();
  }
}
