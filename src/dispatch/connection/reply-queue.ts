/** One connection's requests: how many may be under way, and the order in which they are answered. */
import type { PlainError } from '../../../wire/errors.ts';
import { encodeTextFrame, payloadLength, payloadStart } from '../../../wire/frame.ts';
import { NULL_ID } from '../../../wire/id-text.ts';
import { encodeError } from '../../../wire/json-rpc.ts';
import type { AgentKind } from '../../../workers/task.ts';
import type { Admission } from './admission.ts';

/**
 * Keeps bytes as they are beyond the call in which they are handed over; to be called during that call, once at most.
 * Returns what gives them back.
 */
export type Retain = () => () => void;

/** What a lane wants of its connection. */
export type ReplySink = {
  /**
   * Sends whole frames, one behind the other. The bytes are the receiver's only until it returns.
   * @param keep makes them its own for longer.
   */
  send(frames: Uint8Array, retain?: Retain): void;
  /** Closes the connection behind what has been sent: a raw agent has no other way to say that a request failed. */
  fail(error: PlainError): void;
  /** Called each time requests have been dealt with. */
  settled(): void;
  /** Whether replies pile up because the other side does not read them. */
  isWriteBlocked(): boolean;
};

/** Consecutive requests of a lane, which came together: a row of places in its order. */
export type RequestGroup = {
  readonly count: number;
  readonly bytes: number;
  /** When they have come, and by when they must have an outcome, on the clock of `performance`. */
  readonly cameAt: number;
  readonly dueAt: number;
  /** Not begun at all, so that how long it took says nothing. */
  readonly isRefused: boolean;
  /** How many of its places have been handed on. */
  handed: number;
  /** Outcomes that wait for their turn, by their first place. */
  heldReplies: Map<number, HeldReplies> | undefined;
  /** Places that were settled before their time: whatever becomes of these requests, nobody wants it any more. */
  cancelled: Set<number> | undefined;
};

/** When requests have come, and by when they must have an outcome. */
export type Times = { cameAt: number; dueAt: number };

/** What became of consecutive requests: the frames that answer them, a failure, or nothing. */
export type Settlement = {
  frames?: Uint8Array | undefined;
  failure?: PlainError | undefined;
  /** Without it, the frames are there during the call only. */
  retain?: Retain | undefined;
};

type HeldReplies = {
  count: number;
  frames?: Uint8Array | undefined;
  failure?: PlainError | undefined;
  release?: () => void;
};

/** Replies that have to wait are copied, so that nobody waits for their memory, unless they are longer. */
export const COPIED_BYTES = 32 * 1024;

export type ReplyQueue = {
  readonly end: ReplySink;
  /** Requests whose outcome has not been handed on, and their bytes. */
  readonly requests: number;
  readonly bytes: number;
  /** Takes places for requests that are begun, or refused. */
  open(count: number, bytes: number, times: Times, isRefused?: boolean): RequestGroup;
  /** Settles `count` places from `first` on, but for those that were dropped. */
  settle(group: RequestGroup, first: number, count: number, settlement: Settlement): void;
  /** Settles a place that is not settled yet; what becomes of the request after all is not heard of. */
  settleEarly(group: RequestGroup, position: number, settlement: Settlement): void;
  /** Ends the conversation because of what the other side has sent, behind the requests before it. */
  refuse(error: PlainError): void;
  /** Says that the connection is gone: outcomes to come are dropped. */
  abandon(): void;
  readonly abandoned: boolean;
};

/** What all lanes have in common. */
export type ReplyQueueOptions = {
  /** Replies of a raw agent keep the order of their requests. Known when there is a first reply, but for errors. */
  kind: () => AgentKind | undefined;
  admission: Pick<Admission, 'enter' | 'leave'>;
  /** Hears how long requests have taken, from their coming to their outcome; undefined for what was refused. */
  onOutcome: (ms: number | undefined, requests: number) => void;
};

/** @param options may be shared by all lanes. */
export function createReplyQueue(end: ReplySink, options: ReplyQueueOptions): ReplyQueue {
  return new ConnectionReplyQueue(end, options);
}

/** A class, as there are thousands of lanes: what is in a closure takes its memory for each. */
class ConnectionReplyQueue implements ReplyQueue {
  readonly end: ReplySink;
  requests = 0;
  bytes = 0;
  abandoned = false;
  readonly #options: ReplyQueueOptions;
  readonly #groups: RequestGroup[] = [];
  #refusal: PlainError | undefined;

  constructor(end: ReplySink, options: ReplyQueueOptions) {
    this.end = end;
    this.#options = options;
  }

  open(count: number, bytes: number, { cameAt, dueAt }: Times, isRefused = false): RequestGroup {
    this.requests += count;
    this.bytes += bytes;
    this.#options.admission.enter(count, bytes);
    const counted = { count, bytes, cameAt, dueAt, isRefused };
    const group: RequestGroup = { ...counted, handed: 0, heldReplies: undefined, cancelled: undefined };
    this.#groups.push(group);
    return group;
  }

  settle(group: RequestGroup, first: number, count: number, settlement: Settlement): void {
    const { cancelled } = group;
    if (cancelled === undefined) this.#settle(group, first, count, settlement);
    else for (const part of withoutCancelled(cancelled, first, count, settlement)) this.#settle(group, ...part);
  }

  settleEarly(group: RequestGroup, position: number, settlement: Settlement): void {
    group.cancelled ??= new Set();
    group.cancelled.add(position);
    this.#settle(group, position, 1, settlement);
  }

  #settle(group: RequestGroup, first: number, count: number, settlement: Settlement): void {
    const kind = this.#options.kind();
    if (kind === 'raw') this.#settleInTurn(group, first, count, settlement);
    else {
      // Without an order there is no need to remember who came before.
      if (kind === 'rpc') this.#groups.length = 0;
      this.#hand(group, count, settlement);
      if (group === this.#groups[0]) this.#handHeld();
    }
    this.#sayRefusal();
    this.end.settled();
  }

  #settleInTurn(group: RequestGroup, first: number, count: number, settlement: Settlement): void {
    const isFirst = group === this.#groups[0];
    if (isFirst && group.handed === first) this.#hand(group, count, settlement);
    else {
      group.heldReplies ??= new Map();
      group.heldReplies.set(first, holdReplies(settlement, count));
    }
    if (isFirst) this.#handHeld();
  }

  refuse(error: PlainError): void {
    this.#refusal = error;
    this.#sayRefusal();
  }

  abandon(): void {
    this.abandoned = true;
  }

  #hand(group: RequestGroup, count: number, { frames, failure, retain }: Settlement): void {
    group.handed += count;
    this.requests -= count;
    const bytes = group.handed === group.count ? group.bytes : 0;
    this.bytes -= bytes;
    const { admission, onOutcome } = this.#options;
    admission.leave(count, bytes);
    onOutcome(group.isRefused ? undefined : performance.now() - group.cameAt, count);
    if (this.abandoned) return;
    if (frames !== undefined) this.end.send(frames, retain);
    if (failure !== undefined) this.#fail(failure);
  }

  #handLate(group: RequestGroup, { count, frames, failure, release }: HeldReplies): void {
    let retained = false;
    const retain =
      release &&
      ((): (() => void) => {
        retained = true;
        return release;
      });
    this.#hand(group, count, { frames, failure, retain });
    if (!retained) release?.();
  }

  /** Hands on what has been waiting for what was handed on just now. */
  #handHeld(): void {
    for (let head = this.#groups[0]; head !== undefined; head = this.#groups[0]) {
      if (head.handed === head.count) {
        this.#groups.shift();
        continue;
      }
      const heldReplies = head.heldReplies?.get(head.handed);
      if (heldReplies === undefined) return;
      head.heldReplies?.delete(head.handed);
      this.#handLate(head, heldReplies);
    }
  }

  #fail(error: PlainError): void {
    this.abandoned = true;
    this.end.fail(error);
  }

  #sayRefusal(): void {
    if (this.#refusal === undefined || this.requests > 0 || this.abandoned) return;
    if (this.#options.kind() !== 'raw') this.end.send(encodeTextFrame(encodeError(NULL_ID, this.#refusal)));
    this.#fail(this.#refusal);
  }
}

function holdReplies({ frames, failure, retain }: Settlement, count: number): HeldReplies {
  if (frames === undefined || retain === undefined || frames.length <= COPIED_BYTES) {
    return { count, frames: frames && Buffer.from(frames), failure };
  }
  return { count, frames, release: retain() };
}

type Part = [first: number, count: number, settlement: Settlement];

/** What is left of a row of places when the dropped ones are taken out, each place by itself. */
function* withoutCancelled(
  cancelled: ReadonlySet<number>,
  first: number,
  count: number,
  { frames, failure }: Settlement,
): Generator<Part> {
  const run = frames && Buffer.from(frames.buffer, frames.byteOffset, frames.byteLength);
  let from = 0;
  for (let position = first; position < first + count; position += 1) {
    const start = from;
    // Where there are frames, there is one for each place.
    if (run !== undefined) from = payloadStart(run, from) + payloadLength(run, from);
    if (!cancelled.has(position)) yield [position, 1, { frames: run?.subarray(start, from), failure }];
  }
}
