/** One connection's requests: how many may be under way, and the order in which they are answered. */
import type { PlainError } from '../../wire/errors.ts';
import { encodeTextFrame } from '../../wire/frame.ts';
import { NULL_ID } from '../../wire/id-text.ts';
import { encodeError } from '../../wire/json-rpc.ts';

/** What a lane wants of its connection. */
export type LaneEnd = {
  /** Sends whole frames, one behind the other. The bytes are the receiver's only until it returns. */
  send(frames: Uint8Array): void;
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
  /** How many of its places have been handed on. */
  handed: number;
  /** Outcomes that wait for their turn, by their first place. */
  held: Map<number, Held> | undefined;
};

type Held = { count: number; frames?: Uint8Array | undefined; failure?: PlainError | undefined };

export type Lane = {
  readonly end: LaneEnd;
  /** Requests whose outcome has not been handed on, and their bytes. */
  readonly requests: number;
  readonly bytes: number;
  /** Takes places for requests that are begun. */
  open(count: number, bytes: number): Segment;
  /**
   * Settles `count` places from `first` on with the frames that answer them, or with nothing.
   * @param frames is read during the call and not kept.
   */
  settle(segment: Segment, first: number, count: number, frames: Uint8Array | undefined, failure?: PlainError): void;
  /** Ends the conversation because of what the other side has sent, behind the requests before it. */
  refuse(error: PlainError): void;
  /** Says that the connection is gone: outcomes to come are dropped. */
  abandon(): void;
  readonly abandoned: boolean;
};

/** @param isRaw whether replies keep the order of their requests; not asked before there is a first reply. */
export function createLane(end: LaneEnd, isRaw: () => boolean): Lane {
  const segments: Segment[] = [];
  let requests = 0;
  let bytes = 0;
  let refusal: PlainError | undefined;
  let abandoned = false;

  function hand(segment: Segment, { count, frames, failure }: Held): void {
    segment.handed += count;
    requests -= count;
    if (segment.handed === segment.count) bytes -= segment.bytes;
    if (abandoned) return;
    if (frames !== undefined) end.send(frames);
    if (failure !== undefined) fail(failure);
  }

  /** Hands on what has been waiting for what was handed on just now. */
  function handHeld(): void {
    for (let head = segments[0]; head !== undefined; head = segments[0]) {
      if (head.handed === head.count) {
        segments.shift();
        continue;
      }
      const held = head.held?.get(head.handed);
      if (held === undefined) return;
      head.held?.delete(head.handed);
      hand(head, held);
    }
  }

  function fail(error: PlainError): void {
    abandoned = true;
    end.fail(error);
  }

  function sayRefusal(): void {
    if (refusal === undefined || requests > 0 || abandoned) return;
    if (!isRaw()) end.send(encodeTextFrame(encodeError(NULL_ID, refusal)));
    fail(refusal);
  }

  return {
    end,
    get requests() {
      return requests;
    },
    get bytes() {
      return bytes;
    },
    get abandoned() {
      return abandoned;
    },
    open(count, size) {
      requests += count;
      bytes += size;
      const segment: Segment = { count, bytes: size, handed: 0, held: undefined };
      segments.push(segment);
      return segment;
    },
    settle(segment, first, count, frames, failure) {
      if (!isRaw() || (segment === segments[0] && segment.handed === first)) hand(segment, { count, frames, failure });
      else {
        segment.held ??= new Map();
        segment.held.set(first, { count, frames: frames === undefined ? undefined : Buffer.from(frames), failure });
      }
      if (segments[0] === segment) handHeld();
      sayRefusal();
      end.settled();
    },
    refuse(error) {
      refusal = error;
      sayRefusal();
    },
    abandon() {
      abandoned = true;
    },
  };
}
