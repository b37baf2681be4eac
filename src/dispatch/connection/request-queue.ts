/** One connection's requests: starts as many as the window allows, queues the rest, refuses what exceeds the limits. */
import type { PlainError } from '../../../wire/errors.ts';
import { countFrames, type FrameSpan, FrameWalk, spanOf } from '../../../wire/frame-walk.ts';
import type { Admission } from './admission.ts';
import { errorsFor } from './error-replies.ts';
import type { ReplyQueue, Times } from './reply-queue.ts';

/** Shared by all request queues. */
export type RequestQueueOptions = {
  /** The highest number of open requests of one connection. */
  window: () => number;
  admission: Admission;
  /** Whether the agent is known to be an RPC agent, which has an error reply for requests beyond the limits. */
  isRpc: () => boolean;
  /** A frame of more bytes than this, header included, is a long request. */
  longFrameBytes: number;
  /** Starts requests; reads the bytes during the call and does not keep them. */
  start: (replyQueue: ReplyQueue, run: Buffer, frames: number, times: Times) => void;
  /** Starts a long request; keeps its payload if the payload is in shared memory. */
  startLong: (replyQueue: ReplyQueue, payload: Buffer, times: Times) => void;
  /** The request queues in which requests wait. */
  waiting: Set<RequestQueue>;
};

/** Gives the error that a waiting request is refused with; undefined leaves it waiting. */
export type RefusalOf = (payload: Buffer, times: Times) => PlainError | undefined;

export type RequestQueue = {
  /**
   * Takes whole frames with their headers. Reads the bytes during the call; keeps them only if `own` is true.
   * @param frames the number of frames, if it is known.
   * @param own whether the bytes belong to this call from now on.
   */
  dispatch(run: Buffer, times: Times, frames?: number, own?: boolean): void;
  /** Starts waiting requests, as many as the window allows now. */
  resume(): void;
  /** Refuses waiting requests. Sends no reply when the connection is closed. */
  refuseWaiting(refusalOf: RefusalOf): void;
  readonly replyQueue: ReplyQueue;
  /** Whether requests wait. */
  readonly hasQueued: boolean;
  /** How many requests wait. */
  readonly waiting: number;
};

export function createRequestQueue(replyQueue: ReplyQueue, options: RequestQueueOptions): RequestQueue {
  return new ConnectionRequestQueue(replyQueue, options);
}

/** Frames that wait, in memory of their own. */
type QueuedFrames = { run: Buffer; frames: number; times: Times };

/** A class: a closure would take its memory for each of thousands of connections. */
class ConnectionRequestQueue implements RequestQueue {
  readonly replyQueue: ReplyQueue;
  readonly #options: RequestQueueOptions;
  #waiting: QueuedFrames[] | undefined;
  /** Set during a walk over the waiting frames: a start or a refusal must not begin another walk. */
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
    const known = frames ?? countFrames(run);
    const room = admission.roomFor(known, run.length);
    if (room < known && isRpc()) this.#refuseBeyond(run, known, room, times);
    else this.#take(run, times, known, own);
  }

  resume(): void {
    const waiting = this.#waiting;
    if (waiting === undefined || this.#isWalking) return;
    this.#isWalking = true;
    const isEmpty = this.#startQueued(waiting);
    this.#isWalking = false;
    if (isEmpty) this.#clear();
  }

  refuseWaiting(refusalOf: RefusalOf): void {
    const waiting = this.#waiting;
    if (waiting === undefined || this.#isWalking) return;
    const rest: QueuedFrames[] = [];
    this.#isWalking = true;
    for (const { run, frames, times } of waiting) {
      this.#options.admission.leave(frames, run.length);
      const accepted = this.#refuseSome(run, times, refusalOf);
      if (accepted.length > 0) rest.push({ run: accepted, frames: countFrames(accepted), times });
    }
    for (const { run, frames } of rest) this.#options.admission.enter(frames, run.length);
    this.#isWalking = false;
    this.#waiting = rest;
    if (rest.length > 0) return;
    this.#clear();
    // The last settlement happened while requests still seemed to wait.
    this.replyQueue.sink.settled();
  }

  #take(run: Buffer, times: Times, frames: number, own: boolean): void {
    const counted = { frames: 0 };
    const started = this.#waiting === undefined ? this.#startSome(run, times, frames, counted) : 0;
    if (started === run.length) return;
    const rest = run.subarray(started);
    const restFrames = frames - counted.frames;
    this.#options.admission.enter(restFrames, rest.length);
    this.#options.waiting.add(this);
    this.#waiting ??= [];
    this.#waiting.push({ run: own ? rest : Buffer.from(rest), frames: restFrames, times });
  }

  /** Returns whether all waiting frames have started. */
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

  #clear(): void {
    this.#waiting = undefined;
    this.#options.waiting.delete(this);
  }

  /** Takes the first `room` frames, and refuses the others because the agent is busy. */
  #refuseBeyond(run: Buffer, frames: number, room: number, times: Times): void {
    const { end } = spanOf(run, 0, room);
    if (room > 0) this.#take(run.subarray(0, end), times, room, false);
    const error = this.#options.admission.busy(frames - room);
    this.#refuseSome(run.subarray(end), times, () => error);
  }

  /** Returns the frames that are not refused. */
  #refuseSome(run: Buffer, times: Times, refusalOf: RefusalOf): Buffer {
    const accepted: Buffer[] = [];
    for (const frames = new FrameWalk(run); frames.next(); ) {
      const { payload } = frames;
      const error = refusalOf(payload, times);
      if (error === undefined) accepted.push(frames.frame);
      else this.#refuse(payload, times, error);
    }
    return accepted.length === 1 ? (accepted[0] as Buffer) : Buffer.concat(accepted);
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
   * Starts the first frames of a run, as many as the window allows.
   * @param known how many frames the run has.
   * @param counted receives how many have started.
   * @param waited whether admission counts them already: frames that start are counted again.
   * @returns where the frames that have started end.
   */
  #startSome(run: Buffer, times: Times, known: number, counted: { frames: number }, waited = false): number {
    const { replyQueue } = this;
    const { window, longFrameBytes, start, startLong, admission } = this.#options;
    // A closed connection reads no reply, but its notifications run.
    let room = replyQueue.sink.isWriteBlocked() && !replyQueue.abandoned ? 0 : window() - replyQueue.requests;
    if (known <= room && run.length <= longFrameBytes) {
      // The usual case needs no walk over the frames.
      counted.frames = known;
      if (waited) admission.leave(known, run.length);
      start(replyQueue, run, known, times);
      return run.length;
    }
    let offset = 0;
    while (offset < run.length && room > 0) {
      const short = shortFrames(run, offset, room, longFrameBytes);
      const isLong = short.frames === 0;
      const { frames, end } = isLong ? spanOf(run, offset, 1) : short;
      if (waited) admission.leave(frames, end - offset);
      if (isLong) startLong(replyQueue, firstPayload(run, offset), times);
      else start(replyQueue, run.subarray(offset, end), frames, times);
      room -= frames;
      counted.frames += frames;
      offset = end;
    }
    return offset;
  }
}

/** The frames from `offset` on, at most `maxFrames`, up to a long one. */
function shortFrames(run: Buffer, offset: number, maxFrames: number, longFrameBytes: number): FrameSpan {
  const span = { frames: 0, end: offset };
  for (const frames = new FrameWalk(run, offset); span.frames < maxFrames && frames.next(); span.frames += 1) {
    if (frames.end - frames.start > longFrameBytes) break;
    span.end = frames.end;
  }
  return span;
}

function firstPayload(run: Buffer, offset: number): Buffer {
  const frames = new FrameWalk(run, offset);
  frames.next();
  return frames.payload;
}
