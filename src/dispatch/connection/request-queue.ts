/** A connection's way in: takes what has come, and begins as much of it as may be under way at once. */
import type { PlainError } from '../../../wire/errors.ts';
import { payloadLength, payloadStart } from '../../../wire/frame.ts';
import type { Admission } from './admission.ts';
import { errorsFor } from './error-replies.ts';
import type { Lane, Times } from './reply-queue.ts';

export type EntranceOptions = {
  /** The most requests of one connection that may be under way. */
  window: () => number;
  admission: Admission;
  /** Whether the agent is known to be an RPC one, which has a way to say that it is busy. */
  isRpc: () => boolean;
  /** A frame of more bytes than this, header included, is a long one. */
  longFrameBytes: number;
  /** Begins requests; the bytes are read during the call and not kept. */
  begin: (lane: Lane, run: Buffer, frames: number, times: Times) => void;
  /** Begins a long request; its payload likewise, unless it stands in shared memory. */
  beginLong: (lane: Lane, payload: Buffer, times: Times) => void;
  /** Those that have something waiting. */
  waiting: Set<Entrance>;
};

export type Entrance = {
  /**
   * Takes whole frames, still framed. The bytes are read during the call and not kept.
   * @param frames how many there are, where that is known.
   * @param own whether the bytes may be kept after all.
   */
  dispatch(run: Buffer, times: Times, frames?: number, own?: boolean): void;
  /** Begins what had to wait, as far as that is possible now. */
  resume(): void;
  /**
   * Answers what waits, each frame with the error that `why` gives for it, or lets it go on waiting.
   * @param why is asked for each frame; of those that are gone, nothing is answered.
   */
  refuseWaiting(why: (payload: Buffer, times: Times) => PlainError | undefined): void;
  readonly lane: Lane;
  /** Whether some of what has come is not begun. */
  readonly isFull: boolean;
  /** How many requests that is. */
  readonly waiting: number;
};

/** @param options may be shared by all entrances. */
export function createEntrance(lane: Lane, options: EntranceOptions): Entrance {
  return new OpenEntrance(lane, options);
}

/** Frames that have not been begun, in memory of their own. */
type Waiting = { run: Buffer; frames: number; times: Times };

/** A class, as there are thousands of them. */
class OpenEntrance implements Entrance {
  readonly lane: Lane;
  readonly #options: EntranceOptions;
  #waiting: Waiting[] | undefined;
  /** What waits is being walked through: what is begun or refused meanwhile must not lead back here. */
  #isWalking = false;

  constructor(lane: Lane, options: EntranceOptions) {
    this.lane = lane;
    this.#options = options;
  }

  get isFull(): boolean {
    return this.#waiting !== undefined;
  }

  get waiting(): number {
    let waiting = 0;
    for (const { frames } of this.#waiting ?? []) waiting += frames;
    return waiting;
  }

  dispatch(run: Buffer, times: Times, frames?: number, own = false): void {
    const { admission, isRpc } = this.#options;
    const known = frames ?? framesIn(run);
    const room = admission.roomFor(known, run.length);
    if (room < known && isRpc()) this.#refuseBeyond(run, known, room, times);
    else this.#take(run, times, known, own);
  }

  resume(): void {
    const waiting = this.#waiting;
    if (waiting === undefined || this.#isWalking) return;
    this.#isWalking = true;
    const isOver = this.#beginWaiting(waiting);
    this.#isWalking = false;
    if (isOver) this.#open();
  }

  refuseWaiting(why: (payload: Buffer, times: Times) => PlainError | undefined): void {
    const waiting = this.#waiting;
    if (waiting === undefined || this.#isWalking) return;
    const left: Waiting[] = [];
    this.#isWalking = true;
    for (const { run, frames, times } of waiting) {
      this.#options.admission.leave(frames, run.length);
      const kept = this.#refuseSome(run, times, why);
      if (kept.length > 0) left.push({ run: kept, frames: framesIn(kept), times });
    }
    for (const { run, frames } of left) this.#options.admission.enter(frames, run.length);
    this.#isWalking = false;
    this.#waiting = left;
    if (left.length > 0) return;
    this.#open();
    // What was settled last was so while something seemed to wait.
    this.lane.end.settled();
  }

  #take(run: Buffer, times: Times, frames: number, own: boolean): void {
    const counted = { frames: 0 };
    const begun = this.#waiting === undefined ? this.#beginSome(run, times, frames, counted) : 0;
    if (begun === run.length) return;
    const rest = run.subarray(begun);
    const left = frames - counted.frames;
    this.#options.admission.enter(left, rest.length);
    this.#options.waiting.add(this);
    this.#waiting ??= [];
    this.#waiting.push({ run: own ? rest : Buffer.from(rest), frames: left, times });
  }

  /** Says whether all of it is begun. */
  #beginWaiting(waiting: Waiting[]): boolean {
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      const { run, frames, times } = next;
      const counted = { frames: 0 };
      const begun = this.#beginSome(run, times, frames, counted, true);
      if (begun < run.length) {
        next.run = run.subarray(begun);
        next.frames = frames - counted.frames;
        return false;
      }
      waiting.shift();
    }
    return true;
  }

  /** Nothing waits any more. */
  #open(): void {
    this.#waiting = undefined;
    this.#options.waiting.delete(this);
  }

  /** Takes the first frames, as many as there is room for, and says of the others that the agent is busy. */
  #refuseBeyond(run: Buffer, frames: number, room: number, times: Times): void {
    const { end } = rowOf(run, 0, room, Number.POSITIVE_INFINITY);
    if (room > 0) this.#take(run.subarray(0, end), times, room, false);
    const error = this.#options.admission.busy(frames - room);
    this.#refuseSome(run.subarray(end), times, () => error);
  }

  /** Returns the frames that are not refused. */
  #refuseSome(run: Buffer, times: Times, why: (payload: Buffer, times: Times) => PlainError | undefined): Buffer {
    const kept: Buffer[] = [];
    for (let offset = 0; offset < run.length; ) {
      const start = payloadStart(run, offset);
      const end = start + payloadLength(run, offset);
      const payload = run.subarray(start, end);
      const error = why(payload, times);
      if (error === undefined) kept.push(run.subarray(offset, end));
      else this.#refuse(payload, times, error);
      offset = end;
    }
    return kept.length === 1 ? (kept[0] as Buffer) : Buffer.concat(kept);
  }

  #refuse(payload: Buffer, times: Times, error: PlainError): void {
    const { lane } = this;
    const { reply, failure } = lane.abandoned
      ? {}
      : this.#options.isRpc()
        ? errorsFor(payload, error)
        : { failure: error };
    lane.settle(lane.open(1, 0, times, true), 0, 1, { frames: reply, failure });
  }

  /**
   * Begins the frames at the start of a run, as many as may be; returns where it has stopped.
   * @param waited whether they have been counted already: what is begun is counted anew.
   */
  #beginSome(run: Buffer, times: Times, known: number, counted: { frames: number }, waited = false): number {
    const { lane } = this;
    const { window, longFrameBytes, begin, beginLong, admission } = this.#options;
    // Whoever is gone reads nothing any more, but what it has sent may be notifications, and is run.
    let room = lane.end.isFull() && !lane.abandoned ? 0 : window() - lane.requests;
    if (known <= room && run.length <= longFrameBytes) {
      // The usual case, in which nobody has to look at each frame.
      counted.frames = known;
      if (waited) admission.leave(known, run.length);
      begin(lane, run, known, times);
      return run.length;
    }
    let offset = 0;
    while (offset < run.length && room > 0) {
      let { frames, end } = rowOf(run, offset, room, longFrameBytes);
      const start = payloadStart(run, offset);
      const isLong = frames === 0;
      if (isLong) {
        end = start + payloadLength(run, offset);
        frames = 1;
      }
      if (waited) admission.leave(frames, end - offset);
      if (isLong) beginLong(lane, run.subarray(start, end), times);
      else begin(lane, run.subarray(offset, end), frames, times);
      room -= frames;
      counted.frames += frames;
      offset = end;
    }
    return offset;
  }
}

/** The frames from `offset` on, `most` at most, up to one of more than `mostBytes`; and where they end. */
function rowOf(run: Buffer, offset: number, most: number, mostBytes: number): { frames: number; end: number } {
  let end = offset;
  let frames = 0;
  while (end < run.length && frames < most) {
    const next = payloadStart(run, end) + payloadLength(run, end);
    if (next - end > mostBytes) break;
    end = next;
    frames += 1;
  }
  return { frames, end };
}

function framesIn(run: Buffer): number {
  return rowOf(run, 0, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY).frames;
}
