/** One connection's requests: starts as many as the window allows, queues the rest, refuses what exceeds the limits. */
import type { PlainError } from '../../../wire/errors.ts';
import { countFrames, FrameWalk, spanOf } from '../../../wire/frame-walk.ts';
import { Deque } from '../deque.ts';
import { canRefuse, errorFor, errorsFor } from './error-replies.ts';
import { type IdEntry, moveIds } from './open-ids.ts';
import type { Times } from './open-request.ts';
import { QueuedFrames, type QueueOfFrames, type RefusalOf } from './queued-frames.ts';
import type { ReplyQueue, Settlement } from './reply-queue.ts';
import type { RequestQueue, RequestQueueOptions } from './request-queue-options.ts';
import { firstPayload, shortFrames } from './short-frames.ts';

export function createRequestQueue(replyQueue: ReplyQueue, options: RequestQueueOptions): RequestQueue {
  return new ConnectionRequestQueue(replyQueue, options);
}

/** A class: a closure would take its memory for each of thousands of connections. */
class ConnectionRequestQueue implements RequestQueue, QueueOfFrames {
  readonly replyQueue: ReplyQueue;
  readonly #options: RequestQueueOptions;
  #waiting: Deque<QueuedFrames> | undefined;
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
    for (const { frames } of this.queued) waiting += frames;
    return waiting;
  }

  get queued(): Iterable<QueuedFrames> {
    return this.#waiting ?? [];
  }

  dispatch(run: Buffer, times: Times, frames?: number, own = false): void {
    const { admission, isRaw } = this.#options;
    const known = frames ?? countFrames(run);
    const room = admission.roomFor(known, run.length);
    if (room < known && !isRaw()) this.#refuseBeyond(run, room, times, own);
    else this.#take(run, times, known, own);
  }

  resume(): void {
    const waiting = this.#waiting;
    if (waiting === undefined || this.#isWalking) return;
    this.#isWalking = true;
    try {
      for (let next = waiting.first; next !== undefined; next = waiting.first) {
        this.#startSome(next, true);
        if (next.run.length > 0) return;
        waiting.shift();
      }
    } finally {
      this.#isWalking = false;
    }
    this.#clear();
  }

  refuseWaiting(refusalOf: RefusalOf): void {
    this.#refuseEach([...this.queued], refusalOf);
  }

  refuseIn(queued: QueuedFrames, refusalOf: RefusalOf): void {
    this.#refuseEach([queued], refusalOf);
  }

  refuseAt(queued: QueuedFrames, entry: IdEntry, error: PlainError): void {
    const { replyQueue } = this;
    queued.refuse(entry.position);
    replyQueue.ids?.remove(entry);
    // Its bytes leave in their turn.
    this.#options.admission.leave(1, 0);
    this.#settleRefused(queued, replyQueue.abandoned ? {} : { frames: errorFor(entry.id, error).reply });
    this.resume();
  }

  #refuseEach(each: readonly QueuedFrames[], refusalOf: RefusalOf): void {
    const waiting = this.#waiting;
    if (waiting === undefined || this.#isWalking) return;
    this.#isWalking = true;
    try {
      for (const queued of each) this.#refuseSomeOf(queued, refusalOf);
    } finally {
      this.#isWalking = false;
    }
    for (let first = waiting.first; first?.isOver; first = waiting.first) {
      // Frames that were refused alone are still in the run.
      this.#drop(first.run);
      waiting.shift();
    }
    if (waiting.length > 0) return;
    this.#clear();
    // The last settlement happened while requests still seemed to wait.
    this.replyQueue.sink.settled();
  }

  #refuseSomeOf(queued: QueuedFrames, refusalOf: RefusalOf): void {
    const { admission, recycle } = this.#options;
    const { run } = queued;
    admission.leave(queued.frames, run.length);
    queued.keep((payload, entry) => {
      const error = refusalOf(payload, queued);
      if (error === undefined) return true;
      if (entry !== undefined) this.replyQueue.ids?.remove(entry);
      this.#refuse(payload, queued, error);
      return false;
    });
    admission.enter(queued.frames, queued.run.length);
    if (queued.isOver) recycle(run);
  }

  /** Frames that wait no more and start no request: they were refused before. */
  #drop(run: Buffer): void {
    if (run.length === 0) return;
    this.#options.admission.leave(0, run.length);
    this.#options.recycle(run);
  }

  #take(run: Buffer, times: Times, frames: number, own: boolean): void {
    const { replyQueue } = this;
    const { start, longFrameBytes, admission, onQueued } = this.#options;
    const isFree = this.#waiting === undefined;
    // The usual case needs no walk over the frames.
    if (isFree && replyQueue.ids === undefined && frames <= this.#room() && run.length <= longFrameBytes) {
      start(replyQueue, run, frames, times);
      return;
    }
    const queued = new QueuedFrames(this, run, frames, times);
    queued.ids = replyQueue.ids?.addFrames(run, queued);
    if (isFree) this.#startSome(queued, false);
    if (queued.run.length === 0) return;
    if (!own) queued.run = Buffer.from(queued.run);
    admission.enter(queued.frames, queued.run.length);
    this.#options.waiting.add(this);
    this.#waiting ??= new Deque();
    this.#waiting.push(queued);
    onQueued(queued);
  }

  #clear(): void {
    this.#waiting = undefined;
    this.#options.waiting.delete(this);
  }

  /**
   * Takes the first `room` frames, and refuses the others because the agent is busy. What cannot be refused is taken too:
   * the connection stops reading.
   */
  #refuseBeyond(run: Buffer, room: number, times: Times, own: boolean): void {
    const { end } = spanOf(run, 0, room);
    let isUsed = room > 0;
    if (isUsed) this.#take(run.subarray(0, end), times, room, false);
    const refused: Buffer[] = [];
    for (const rest = new FrameWalk(run, end); rest.next(); ) {
      if (canRefuse(rest.payload)) refused.push(rest.payload);
      else {
        isUsed = true;
        this.#take(rest.frame, times, 1, false);
      }
    }
    if (refused.length === 0) return;
    const error = this.#options.admission.busy(refused.length);
    for (const payload of refused) this.#refuse(payload, times, error);
    if (own && !isUsed) this.#options.recycle(run);
  }

  #refuse(payload: Buffer, times: Times, error: PlainError): void {
    const { reply, failure } = this.replyQueue.abandoned
      ? {}
      : this.#options.isRaw()
        ? { failure: error }
        : errorsFor(payload, error);
    this.#settleRefused(times, { frames: reply, failure });
  }

  #settleRefused(times: Times, settlement: Settlement): void {
    const { replyQueue } = this;
    replyQueue.settle(replyQueue.open(1, 0, times, true), 0, 1, settlement);
  }

  /** How many requests may start. */
  #room(): number {
    const { replyQueue } = this;
    // A closed connection reads no reply, but its notifications run.
    if (replyQueue.sink.isWriteBlocked() && !replyQueue.abandoned) return 0;
    // What a stream has on its way is bounded by itself.
    return this.#options.window(replyQueue.expectedBytes) - (replyQueue.requests - replyQueue.streams);
  }

  /**
   * Starts the first frames, as many as the window allows.
   * @param waited whether admission counts them already: frames that start are counted again.
   */
  #startSome(queued: QueuedFrames, waited: boolean): void {
    const { replyQueue } = this;
    const { longFrameBytes, start, startLong, admission } = this.#options;
    let room = this.#room();
    while (queued.run.length > 0) {
      if (queued.isFirstRefused) {
        const { end } = spanOf(queued.run, 0, 1);
        this.#drop(queued.run.subarray(0, end));
        queued.takeFirst(1, end);
        continue;
      }
      if (room <= 0) return;
      const { run } = queued;
      const short = shortFrames(run, queued.countOpen(room), longFrameBytes);
      const isLong = short.frames === 0;
      const { frames, end } = isLong ? spanOf(run, 0, 1) : short;
      const ids = queued.takeFirst(frames, end);
      queued.frames -= frames;
      if (waited) admission.leave(frames, end);
      const group = isLong
        ? startLong(replyQueue, firstPayload(run), queued)
        : start(replyQueue, run.subarray(0, end), frames, queued);
      if (ids !== undefined) moveIds(ids, group);
      room -= frames;
    }
  }
}
