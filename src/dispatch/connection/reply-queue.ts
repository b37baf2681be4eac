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
export type Keep = () => () => void;

/** What a lane wants of its connection. */
export type LaneEnd = {
  /**
   * Sends whole frames, one behind the other. The bytes are the receiver's only until it returns.
   * @param keep makes them its own for longer.
   */
  send(frames: Uint8Array, keep?: Keep): void;
  /** Closes the connection behind what has been sent: a raw agent has no other way to say that a request failed. */
  fail(error: PlainError): void;
  /** Called each time requests have been dealt with. */
  settled(): void;
  /** Whether replies pile up because the other side does not read them. */
  isFull(): boolean;
};

/** Consecutive requests of a lane, which came together: a row of places in its order. */
export type Segment = {
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
  held: Map<number, Held> | undefined;
  /** Places that were settled before their time: whatever becomes of these requests, nobody wants it any more. */
  dropped: Set<number> | undefined;
};

/** When requests have come, and by when they must have an outcome. */
export type Times = { cameAt: number; dueAt: number };

/** What became of consecutive requests: the frames that answer them, a failure, or nothing. */
export type Settlement = {
  frames?: Uint8Array | undefined;
  failure?: PlainError | undefined;
  /** Without it, the frames are there during the call only. */
  keep?: Keep | undefined;
};

type Held = { count: number; frames?: Uint8Array | undefined; failure?: PlainError | undefined; release?: () => void };

/** Replies that have to wait are copied, so that nobody waits for their memory, unless they are longer. */
export const COPIED_BYTES = 32 * 1024;

export type Lane = {
  readonly end: LaneEnd;
  /** Requests whose outcome has not been handed on, and their bytes. */
  readonly requests: number;
  readonly bytes: number;
  /** Takes places for requests that are begun, or refused. */
  open(count: number, bytes: number, times: Times, isRefused?: boolean): Segment;
  /** Settles `count` places from `first` on, but for those that were dropped. */
  settle(segment: Segment, first: number, count: number, settlement: Settlement): void;
  /** Settles a place that is not settled yet; what becomes of the request after all is not heard of. */
  drop(segment: Segment, place: number, settlement: Settlement): void;
  /** Ends the conversation because of what the other side has sent, behind the requests before it. */
  refuse(error: PlainError): void;
  /** Says that the connection is gone: outcomes to come are dropped. */
  abandon(): void;
  readonly abandoned: boolean;
};

/** What all lanes have in common. */
export type LaneOptions = {
  /** Replies of a raw agent keep the order of their requests. Known when there is a first reply, but for errors. */
  kind: () => AgentKind | undefined;
  admission: Pick<Admission, 'enter' | 'leave'>;
  /** Hears how long requests have taken, from their coming to their outcome; undefined for what was refused. */
  onOutcome: (ms: number | undefined, requests: number) => void;
};

/** @param options may be shared by all lanes. */
export function createLane(end: LaneEnd, options: LaneOptions): Lane {
  return new OpenLane(end, options);
}

/** A class, as there are thousands of lanes: what is in a closure takes its memory for each. */
class OpenLane implements Lane {
  readonly end: LaneEnd;
  requests = 0;
  bytes = 0;
  abandoned = false;
  readonly #options: LaneOptions;
  readonly #segments: Segment[] = [];
  #refusal: PlainError | undefined;

  constructor(end: LaneEnd, options: LaneOptions) {
    this.end = end;
    this.#options = options;
  }

  open(count: number, bytes: number, { cameAt, dueAt }: Times, isRefused = false): Segment {
    this.requests += count;
    this.bytes += bytes;
    this.#options.admission.enter(count, bytes);
    const counted = { count, bytes, cameAt, dueAt, isRefused };
    const segment: Segment = { ...counted, handed: 0, held: undefined, dropped: undefined };
    this.#segments.push(segment);
    return segment;
  }

  settle(segment: Segment, first: number, count: number, settlement: Settlement): void {
    const { dropped } = segment;
    if (dropped === undefined) this.#settle(segment, first, count, settlement);
    else for (const part of withoutDropped(dropped, first, count, settlement)) this.#settle(segment, ...part);
  }

  drop(segment: Segment, place: number, settlement: Settlement): void {
    segment.dropped ??= new Set();
    segment.dropped.add(place);
    this.#settle(segment, place, 1, settlement);
  }

  #settle(segment: Segment, first: number, count: number, settlement: Settlement): void {
    const kind = this.#options.kind();
    if (kind === 'raw') this.#settleInTurn(segment, first, count, settlement);
    else {
      // Without an order there is no need to remember who came before.
      if (kind === 'rpc') this.#segments.length = 0;
      this.#hand(segment, count, settlement);
      if (segment === this.#segments[0]) this.#handHeld();
    }
    this.#sayRefusal();
    this.end.settled();
  }

  #settleInTurn(segment: Segment, first: number, count: number, settlement: Settlement): void {
    const isFirst = segment === this.#segments[0];
    if (isFirst && segment.handed === first) this.#hand(segment, count, settlement);
    else {
      segment.held ??= new Map();
      segment.held.set(first, hold(settlement, count));
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

  #hand(segment: Segment, count: number, { frames, failure, keep }: Settlement): void {
    segment.handed += count;
    this.requests -= count;
    const bytes = segment.handed === segment.count ? segment.bytes : 0;
    this.bytes -= bytes;
    const { admission, onOutcome } = this.#options;
    admission.leave(count, bytes);
    onOutcome(segment.isRefused ? undefined : performance.now() - segment.cameAt, count);
    if (this.abandoned) return;
    if (frames !== undefined) this.end.send(frames, keep);
    if (failure !== undefined) this.#fail(failure);
  }

  #handLate(segment: Segment, { count, frames, failure, release }: Held): void {
    let kept = false;
    const keep =
      release &&
      ((): (() => void) => {
        kept = true;
        return release;
      });
    this.#hand(segment, count, { frames, failure, keep });
    if (!kept) release?.();
  }

  /** Hands on what has been waiting for what was handed on just now. */
  #handHeld(): void {
    for (let head = this.#segments[0]; head !== undefined; head = this.#segments[0]) {
      if (head.handed === head.count) {
        this.#segments.shift();
        continue;
      }
      const held = head.held?.get(head.handed);
      if (held === undefined) return;
      head.held?.delete(head.handed);
      this.#handLate(head, held);
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

function hold({ frames, failure, keep }: Settlement, count: number): Held {
  if (frames === undefined || keep === undefined || frames.length <= COPIED_BYTES) {
    return { count, frames: frames && Buffer.from(frames), failure };
  }
  return { count, frames, release: keep() };
}

type Part = [first: number, count: number, settlement: Settlement];

/** What is left of a row of places when the dropped ones are taken out, each place by itself. */
function* withoutDropped(
  dropped: ReadonlySet<number>,
  first: number,
  count: number,
  { frames, failure }: Settlement,
): Generator<Part> {
  const run = frames && Buffer.from(frames.buffer, frames.byteOffset, frames.byteLength);
  let from = 0;
  for (let place = first; place < first + count; place += 1) {
    const start = from;
    // Where there are frames, there is one for each place.
    if (run !== undefined) from = payloadStart(run, from) + payloadLength(run, from);
    if (!dropped.has(place)) yield [place, 1, { frames: run?.subarray(start, from), failure }];
  }
}
