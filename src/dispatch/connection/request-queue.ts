/** A connection's way in: takes what has come, and begins as much of it as may be under way at once. */
import type { PlainError } from '../../../wire/errors.ts';
import { payloadLength, payloadStart } from '../../../wire/frame.ts';
import type { Admission } from './admission.ts';
import { errorsFor } from './error-replies.ts';
import type { ReplyQueue, Times } from './reply-queue.ts';

export type RequestQueueOptions = {
  /** The most requests of one connection that may be under way. */
  window: () => number;
  admission: Admission;
  /** Whether the agent is known to be an RPC one, which has a way to say that it is busy. */
  isRpc: () => boolean;
  /** A frame of more bytes than this, header included, is a long one. */
  longFrameBytes: number;
  /** Begins requests; the bytes are read during the call and not kept. */
  start: (replyQueue: ReplyQueue, run: Buffer, frames: number, times: Times) => void;
  /** Begins a long request; its payload likewise, unless it stands in shared memory. */
  startLong: (replyQueue: ReplyQueue, payload: Buffer, times: Times) => void;
  /** Those that have something waiting. */
  waiting: Set<RequestQueue>;
};

export type RequestQueue = {
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
  readonly replyQueue: ReplyQueue;
  /** Whether some of what has come is not begun. */
  readonly hasQueued: boolean;
  /** How many requests that is. */
  readonly waiting: number;
};

/** @param options may be shared by all entrances. */
export function createRequestQueue(replyQueue: ReplyQueue, options: RequestQueueOptions): RequestQueue {
  return new ConnectionRequestQueue(replyQueue, options);
}

/** Frames that have not been begun, in memory of their own. */
type QueuedFrames = { run: Buffer; frames: number; times: Times };

/** A class, as there are thousands of them. */
class ConnectionRequestQueue implements RequestQueue {
  readonly replyQueue: ReplyQueue;
  readonly #options: RequestQueueOptions;
  #waiting: QueuedFrames[] | undefined;
  /** What waits is being walked through: what is begun or refused meanwhile must not lead back here. */
  #isWalking = false;

  constructor(replyQueue: ReplyQueue, options: RequestQueueOptions) {
    this.replyQueue = replyQueue;
    this.#options = options;
  }

  get hasQueued(): boolean {
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
    const isOver = this.#startQueued(waiting);
    this.#isWalking = false;
    if (isOver) this.#open();
  }

  refuseWaiting(why: (payload: Buffer, times: Times) => PlainError | undefined): void {
    const waiting = this.#waiting;
    if (waiting === undefined || this.#isWalking) return;
    const left: QueuedFrames[] = [];
    this.#isWalking = true;
    for (const { run, frames, times } of waiting) {
      this.#options.admission.leave(frames, run.length);
      const retained = this.#refuseSome(run, times, why);
      if (retained.length > 0) left.push({ run: retained, frames: framesIn(retained), times });
    }
    for (const { run, frames } of left) this.#options.admission.enter(frames, run.length);
    this.#isWalking = false;
    this.#waiting = left;
    if (left.length > 0) return;
    this.#open();
    // What was settled last was so while something seemed to wait.
    this.replyQueue.end.settled();
  }

  #take(run: Buffer, times: Times, frames: number, own: boolean): void {
    const counted = { frames: 0 };
    const started = this.#waiting === undefined ? this.#startSome(run, times, frames, counted) : 0;
    if (started === run.length) return;
    const rest = run.subarray(started);
    const left = frames - counted.frames;
    this.#options.admission.enter(left, rest.length);
    this.#options.waiting.add(this);
    this.#waiting ??= [];
    this.#waiting.push({ run: own ? rest : Buffer.from(rest), frames: left, times });
  }

  /** Says whether all of it is begun. */
  #startQueued(waiting: QueuedFrames[]): boolean {
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      const { run, frames, times } = next;
      const counted = { frames: 0 };
      const started = this.#startSome(run, times, frames, counted, true);
      if (started < run.length) {
        next.run = run.subarray(started);
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
    const { end } = spanOf(run, 0, room, Number.POSITIVE_INFINITY);
    if (room > 0) this.#take(run.subarray(0, end), times, room, false);
    const error = this.#options.admission.busy(frames - room);
    this.#refuseSome(run.subarray(end), times, () => error);
  }

  /** Returns the frames that are not refused. */
  #refuseSome(run: Buffer, times: Times, why: (payload: Buffer, times: Times) => PlainError | undefined): Buffer {
    const retained: Buffer[] = [];
    for (let offset = 0; offset < run.length; ) {
      const start = payloadStart(run, offset);
      const end = start + payloadLength(run, offset);
      const payload = run.subarray(start, end);
      const error = why(payload, times);
      if (error === undefined) retained.push(run.subarray(offset, end));
      else this.#refuse(payload, times, error);
      offset = end;
    }
    return retained.length === 1 ? (retained[0] as Buffer) : Buffer.concat(retained);
  }

  #refuse(payload: Buffer, times: Times, error: PlainError): void {
    const { replyQueue } = this;
    const { reply, failure } = replyQueue.abandoned
      ? {}
      : this.#options.isRpc()
        ? errorsFor(payload, error)
        : { failure: error };
    replyQueue.settle(replyQueue.open(1, 0, times, true), 0, 1, { frames: reply, failure });
  }

  /**
   * Begins the frames at the start of a run, as many as may be; returns where it has stopped.
   * @param waited whether they have been counted already: what is begun is counted anew.
   */
  #startSome(run: Buffer, times: Times, known: number, counted: { frames: number }, waited = false): number {
    const { replyQueue } = this;
    const { window, longFrameBytes, start, startLong, admission } = this.#options;
    // Whoever is gone reads nothing any more, but what it has sent may be notifications, and is run.
    let room = replyQueue.end.isWriteBlocked() && !replyQueue.abandoned ? 0 : window() - replyQueue.requests;
    if (known <= room && run.length <= longFrameBytes) {
      // The usual case, in which nobody has to look at each frame.
      counted.frames = known;
      if (waited) admission.leave(known, run.length);
      start(replyQueue, run, known, times);
      return run.length;
    }
    let offset = 0;
    while (offset < run.length && room > 0) {
      let { frames, end } = spanOf(run, offset, room, longFrameBytes);
      const payloadAt = payloadStart(run, offset);
      const isLong = frames === 0;
      if (isLong) {
        end = payloadAt + payloadLength(run, offset);
        frames = 1;
      }
      if (waited) admission.leave(frames, end - offset);
      if (isLong) startLong(replyQueue, run.subarray(payloadAt, end), times);
      else start(replyQueue, run.subarray(offset, end), frames, times);
      room -= frames;
      counted.frames += frames;
      offset = end;
    }
    return offset;
  }
}

/** The frames from `offset` on, `most` at most, up to one of more than `mostBytes`; and where they end. */
function spanOf(run: Buffer, offset: number, max: number, maxBytes: number): { frames: number; end: number } {
  let end = offset;
  let frames = 0;
  while (end < run.length && frames < max) {
    const next = payloadStart(run, end) + payloadLength(run, end);
    if (next - end > maxBytes) break;
    end = next;
    frames += 1;
  }
  return { frames, end };
}

function framesIn(run: Buffer): number {
  return spanOf(run, 0, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY).frames;
}
