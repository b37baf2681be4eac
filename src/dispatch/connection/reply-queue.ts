/** One connection's replies: counts its open requests, and sends their replies, in order if the agent is raw. */
import type { PlainError } from '../../../wire/errors.ts';
import { encodeTextFrame } from '../../../wire/frame.ts';
import { httpRefusal } from '../../../wire/http-refusal.ts';
import { NULL_ID } from '../../../wire/id-text.ts';
import { encodeError } from '../../../wire/json-rpc.ts';
import type { Admission } from './admission.ts';
import { contain } from './containment.ts';
import { holdReplies, MAX_HELD_BYTES, withoutCancelled } from './held-replies.ts';
import type { OpenIds } from './open-ids.ts';
import type { OpenRequest, RequestConnection, Settlement, Times } from './open-request.ts';
import type { ReplySink } from './reply-sink.ts';
import { append, groupsFrom, type HeldReplies, RequestGroup, remove } from './request-group.ts';
import { expectAfter, UNKNOWN_REPLY_BYTES } from './window.ts';

export type { Settlement, Times } from './open-request.ts';
export type { ReplySink, Retain } from './reply-sink.ts';

export type ReplyQueue = RequestConnection & {
  readonly sink: ReplySink;
  /** The open requests, and their bytes. */
  readonly requests: number;
  readonly bytes: number;
  /** The ids of the open requests, from the first cancellation until no request is open. */
  ids: OpenIds | undefined;
  /** The groups with open requests, in order. */
  readonly groups: Iterable<RequestGroup>;
  /** Visits the open requests that have started or wait for a worker, in order. The visitor must not settle any. */
  visit(visitor: (request: OpenRequest) => void): void;
  /** The expected length of a reply: see window.ts. */
  readonly expectedBytes: number;
  /**
   * Whether requests must not start now, because the client does not read its replies or too many replies wait for their
   * turn. The request whose turn it is never waits for other replies.
   */
  isStalled(group: RequestGroup, first: number): boolean;
  /**
   * Opens a group for requests that start, or are refused.
   * @param admittedBytes fewer than `bytes` if their memory is counted elsewhere.
   */
  open(count: number, bytes: number, times: Times, isRefused?: boolean, admittedBytes?: number): RequestGroup;
  /** Settles `count` positions from `first` on, except those that were settled early. */
  settle(group: RequestGroup, first: number, count: number, settlement: Settlement): void;
  /** Settles an open position; ignores the later outcome of its request. */
  settleEarly(group: RequestGroup, position: number, settlement: Settlement): void;
  /** Ends the conversation with an error, behind the replies to all open requests. */
  refuse(error: PlainError): void;
  /** The connection is closed: outcomes are counted and not sent. */
  abandon(): void;
  readonly abandoned: boolean;
};

/** Shared by all reply queues. */
export type ReplyQueueOptions = {
  /** The replies of a raw agent keep the order of their requests; those of an RPC agent have no order. */
  isRaw: () => boolean;
  admission: Pick<Admission, 'enter' | 'leave' | 'hold' | 'mayOvertake'>;
  /** Receives the time from arrival to outcome; undefined for refused requests. */
  onOutcome: (ms: number | undefined, requests: number) => void;
};

export function createReplyQueue(sink: ReplySink, options: ReplyQueueOptions): ReplyQueue {
  return new ConnectionReplyQueue(sink, options);
}

/** A class: a closure would take its memory for each of thousands of connections. */
class ConnectionReplyQueue implements ReplyQueue {
  readonly sink: ReplySink;
  requests = 0;
  streams = 0;
  bytes = 0;
  abandoned = false;
  ids: OpenIds | undefined = undefined;
  expectedBytes: number = UNKNOWN_REPLY_BYTES;
  #heldBytes = 0;
  readonly #options: ReplyQueueOptions;
  /** The open groups are a list, from which any one leaves in constant time. */
  first: RequestGroup | undefined = undefined;
  last: RequestGroup | undefined = undefined;
  #refusal: PlainError | undefined;

  constructor(sink: ReplySink, options: ReplyQueueOptions) {
    this.sink = sink;
    this.#options = options;
  }

  get groups(): Iterable<RequestGroup> {
    return groupsFrom(this.first);
  }

  visit(visitor: (request: OpenRequest) => void): void {
    for (const group of this.groups) group.visit(visitor);
  }

  isStalled(group: RequestGroup, first: number): boolean {
    // The requests of a closed connection are notifications.
    if (this.abandoned) return false;
    if (this.sink.isWriteBlocked()) return true;
    if (this.#heldBytes === 0) return false;
    const isNext = group === this.first && group.handed === first;
    return !isNext && (this.#heldBytes >= MAX_HELD_BYTES || !this.#options.admission.mayOvertake);
  }

  open(count: number, bytes: number, times: Times, isRefused = false, admittedBytes = bytes): RequestGroup {
    this.requests += count;
    this.bytes += bytes;
    this.#options.admission.enter(count, admittedBytes);
    return append(this, new RequestGroup(count, bytes, times, isRefused, admittedBytes));
  }

  settle(group: RequestGroup, first: number, count: number, settlement: Settlement): void {
    const { frames } = settlement;
    if (frames !== undefined) this.expectedBytes = expectAfter(this.expectedBytes, count, frames.length);
    group.limited?.end();
    const { cancelled } = group;
    if (cancelled === undefined) this.#settle(group, first, count, settlement);
    else for (const part of withoutCancelled(cancelled, first, count, settlement)) this.#settle(group, ...part);
  }

  settleEarly(group: RequestGroup, position: number, settlement: Settlement): void {
    group.cancelled ??= new Set();
    group.cancelled.add(position);
    this.#settle(group, position, 1, settlement);
  }

  /** A reply may be one of many in a batch, most of them of other connections. */
  #settle(group: RequestGroup, first: number, count: number, settlement: Settlement): void {
    const { handed } = group;
    try {
      if (group.ids !== undefined) this.ids?.removeAt(group.ids, first, count);
      if (group.flows !== undefined) this.streams -= group.endStreams(first, count);
      this.#settleInTurnOrNow(group, first, count, settlement);
      this.#sendRefusal();
      this.sink.settled();
    } catch (error) {
      this.onFault(error);
      // What was thrown before the requests were counted off leaves them to this.
      if (group.handed === handed && !group.heldReplies?.has(first))
        contain(this, () => this.#settleInTurnOrNow(group, first, count, {}));
    }
  }

  onFault(error: unknown): void {
    this.abandoned = true;
    this.sink.onFault(error);
  }

  /** The replies of an RPC agent have no order. */
  #settleInTurnOrNow(group: RequestGroup, first: number, count: number, settlement: Settlement): void {
    if (this.#options.isRaw()) this.#settleInTurn(group, first, count, settlement);
    else this.#hand(group, count, settlement);
  }

  #settleInTurn(group: RequestGroup, first: number, count: number, settlement: Settlement): void {
    const isFirst = group === this.first;
    if (isFirst && group.handed === first) this.#hand(group, count, settlement);
    else {
      group.heldReplies ??= new Map();
      const held = holdReplies(settlement, count);
      group.heldReplies.set(first, held);
      this.#hold(held.bytes);
    }
    if (isFirst) this.#handHeld();
  }

  refuse(error: PlainError): void {
    this.#refusal = error;
    this.#sendRefusal();
  }

  abandon(): void {
    this.abandoned = true;
    // The turn of the replies may never come, as a request before them may run on.
    for (const { heldReplies } of this.groups) {
      for (const held of heldReplies?.values() ?? []) {
        this.#hold(-held.bytes);
        held.release?.();
        Object.assign(held, { bytes: 0, frames: undefined, release: undefined });
      }
    }
    // They are left where one before them has failed.
    if (this.first?.heldReplies !== undefined) this.#handHeld();
  }

  #hold(bytes: number): void {
    if (bytes === 0) return;
    this.#heldBytes += bytes;
    this.#options.admission.hold('held', bytes);
  }

  #hand(group: RequestGroup, count: number, settlement: Settlement): void {
    const { frames, failure, retain } = settlement;
    group.handed += count;
    if (group.isOver) {
      remove(this, group);
      this.bytes -= group.bytes;
    }
    this.requests -= count;
    const { admission, onOutcome } = this.#options;
    admission.leave(count, group.isOver ? group.admittedBytes : 0);
    onOutcome(group.isRefused ? undefined : performance.now() - group.arrivedAt, count);
    group.observed?.end(settlement, this.abandoned);
    if (this.abandoned) return;
    if (frames !== undefined) this.sink.send(frames, retain);
    if (failure !== undefined) this.#fail(failure);
  }

  #handReleasing(group: RequestGroup, { count, bytes, frames, failure, release }: HeldReplies): void {
    this.#hold(-bytes);
    let isRetained = false;
    const retain =
      release &&
      ((): (() => void) => {
        isRetained = true;
        return release;
      });
    this.#hand(group, count, { frames, failure, retain });
    if (!isRetained) release?.();
  }

  /** Hands on the outcomes whose turn it is now. */
  #handHeld(): void {
    for (let head = this.first; head !== undefined; head = this.first) {
      const held = head.heldReplies?.get(head.handed);
      if (held === undefined) return;
      head.heldReplies?.delete(head.handed);
      this.#handReleasing(head, held);
    }
  }

  #fail(error: PlainError): void {
    this.abandon();
    this.sink.fail(error);
  }

  #sendRefusal(): void {
    if (this.#refusal === undefined || this.requests > 0 || this.abandoned) return;
    const { http } = Object(this.#refusal.data) as { http?: string };
    if (http !== undefined) this.sink.send(httpRefusal(http));
    else if (!this.#options.isRaw()) this.sink.send(encodeTextFrame(encodeError(NULL_ID, this.#refusal)));
    this.#fail(this.#refusal);
  }
}
