/**
 * A batch that a worker has: settles its frames, each frame once.
 *
 * A frame is settled here, or taken back to go with another batch, or awaited: started by an asynchronous handler.
 */
import { type LaunchpoolError, toPlain } from '../../../wire/errors.ts';
import { FrameWalk } from '../../../wire/frame-walk.ts';
import { cursorOf, takeBack } from '../../../workers/control-word.ts';
import { CANCELLED, PENDING } from '../../../workers/slot.ts';
import type { Outcome } from '../../../workers/task.ts';
import type { OpenRequest, RequestSource, Selector } from '../cancel/open-requests.ts';
import { errorsFor } from '../connection/error-replies.ts';
import { type FrameRange, rangeFinder, withoutFirst } from '../connection/frame-range.ts';
import type { Retain, Settlement } from '../connection/reply-queue.ts';
import { BatchRequest } from './batch-request.ts';
import type { Batch } from './batcher.ts';
import { type ReplySpan, replySpanAt } from './reply-span.ts';

const NO_REPLY: Settlement = {};
/** For replies in memory of their own. */
const NOTHING_TO_RETAIN: Retain = () => () => undefined;

/** Requests that no worker has started, with their bytes. */
export type NotStarted = { ranges: FrameRange[]; bytes: Buffer };

export type InFlightBatch = RequestSource & {
  readonly batch: Batch;
  /** The id of the thread that has started it; 0 before that. */
  readonly thread: number;
  /** How many frames are not taken back. */
  readonly frames: number;
  /** How many frames have not started. */
  readonly notStarted: number;
  /** How many frames are not settled. */
  readonly unsettled: number;
  /** Settles the frames that the worker has finished so far; returns their number, and the bytes of their replies. */
  collect(): { frames: number; bytes: number };
  /** Whether the worker has passed the last frame: all requests with synchronous handlers are finished then. */
  isFinished(): boolean;
  /** Counts as a check. Returns true at the second check in a row that finds no progress. */
  isStuck(): boolean;
  /** Prevents the start of a frame that has not started; returns whether the frame may have started. */
  skip(index: number): boolean;
  /** Whether a frame has no outcome yet. */
  isOpen(index: number): boolean;
  /** Notes the time at which frames started, for those that started since the last call. */
  observeStarts(now: number): void;
  /** Takes back the frames that have not started. */
  takeBack(): NotStarted | undefined;
  /** Settles one frame with a late reply; returns whether it was still open. */
  settle(index: number, outcome: Outcome): boolean;
  /** The worker is done with the slot. Requests that are still open get memory of their own: the slot may be reused. */
  complete(): void;
  /** The thread has exited: requests that are still open fail with this error. */
  fail(error: LaunchpoolError, isRaw: boolean): void;
};

/** @param retainSlot returns the function that retains the slot for replies in it; undefined when too many slots are retained. */
export function createInFlightBatch(batch: Batch, retainSlot: () => Retain | undefined): InFlightBatch {
  return new DispatchedBatch(batch, retainSlot);
}

class DispatchedBatch implements InFlightBatch {
  readonly batch: Batch;
  /** Frames from this index on are taken back. */
  frames: number;
  readonly #retainSlot: () => Retain | undefined;
  #settled = 0;
  #lastProgress = -2;
  #checksWithoutProgress = 0;
  #thread = 0;
  #isCompleted = false;
  /** When frames started, once `observeStarts` was called: for frames below #observed. */
  #startedAt: Float64Array | undefined;
  #observed = 0;
  /** Which frames are settled, while only some are. */
  #settledFrames: Uint8Array | undefined;
  /** The requests that are still open, once the slot is released. */
  #openPayloads: Map<number, Buffer> | undefined;

  constructor(batch: Batch, retainSlot: () => Retain | undefined) {
    this.batch = batch;
    this.frames = batch.frames;
    this.#retainSlot = retainSlot;
  }

  get thread(): number {
    return this.#thread === 0 ? this.batch.slot.thread : this.#thread;
  }

  get notStarted(): number {
    return this.frames - this.#started();
  }

  get unsettled(): number {
    return this.frames - this.#settled;
  }

  collect(): { frames: number; bytes: number } {
    const before = this.#settled;
    let bytes = 0;
    // When all frames are settled no marks are left, and they would be settled again.
    if (before === this.frames) return { frames: 0, bytes };
    let base = 0;
    for (const range of this.batch.ranges) {
      const end = Math.min(base + range.count, this.frames);
      for (let index = base; index < end; ) {
        const span = replySpanAt(this.batch.slot, index, end, this.#settledFrames);
        if (span.frames > 0) {
          bytes += span.to - span.from;
          this.#settleRange(range, base, index, span.frames, this.#settlementOf(span));
        }
        index += Math.max(span.frames, 1);
      }
      base += range.count;
    }
    return { frames: this.#settled - before, bytes };
  }

  isFinished(): boolean {
    if (this.unsettled === 0) return true;
    const state = Atomics.load(this.batch.slot.states, this.frames - 1);
    return state !== PENDING && state !== CANCELLED;
  }

  isStuck(): boolean {
    const { control, thread } = this.batch.slot;
    const cursor = cursorOf(Atomics.load(control.words, control.index));
    // The start of the batch is progress too.
    const progress = thread === 0 ? -1 : cursor;
    this.#checksWithoutProgress = progress === this.#lastProgress ? this.#checksWithoutProgress + 1 : 0;
    this.#lastProgress = progress;
    return this.#checksWithoutProgress >= 2;
  }

  visit(isSelected: Selector, visitor: (request: OpenRequest) => void): void {
    if (this.unsettled === 0) return;
    if (!this.batch.ranges.some(({ replyQueue, group }) => isSelected(replyQueue, group))) return;
    const started = this.#started();
    const rangeOf = rangeFinder(this.batch.ranges);
    for (const { index, payload } of this.#payloads()) {
      const { range, base } = rangeOf(index);
      if (!this.isOpen(index) || !isSelected(range.replyQueue, range.group)) continue;
      visitor(new BatchRequest(this, range, index, base, payload, this.#whenStarted(index, started)));
    }
  }

  skip(index: number): boolean {
    if (!this.#isCompleted) Atomics.compareExchange(this.batch.slot.states, index, PENDING, CANCELLED);
    return index < this.#started();
  }

  isOpen(index: number): boolean {
    return index < this.frames && this.unsettled > 0 && this.#settledFrames?.[index] !== 1;
  }

  observeStarts(now: number): void {
    const started = this.#started();
    if (this.#startedAt === undefined) this.#startedAt = new Float64Array(this.batch.frames);
    this.#startedAt.fill(now, this.#observed, started);
    this.#observed = Math.max(this.#observed, started);
  }

  takeBack(): NotStarted | undefined {
    const { slot, ranges, inputEnd } = this.batch;
    const { from, to } = takeBack(slot.control);
    if (from === to) return undefined;
    this.frames = from;
    const frames = this.#walk();
    for (let index = 0; index < from; index += 1) frames.next();
    return { ranges: withoutFirst(ranges, from), bytes: slot.input.subarray(frames.end, inputEnd) };
  }

  settle(index: number, { reply, failure }: Outcome): boolean {
    if (!this.isOpen(index)) return false;
    const { range, base } = rangeFinder(this.batch.ranges)(index);
    this.#openPayloads?.delete(index);
    this.#settleRange(range, base, index, 1, { frames: reply, failure, retain: NOTHING_TO_RETAIN });
    return true;
  }

  complete(): void {
    this.#thread = this.batch.slot.thread;
    this.#isCompleted = true;
    if (this.unsettled === 0) return;
    const open = new Map<number, Buffer>();
    const frames = this.#walk();
    for (let index = 0; index < this.frames && frames.next(); index += 1) {
      if (this.#settledFrames?.[index] !== 1) open.set(index, Buffer.from(frames.payload));
    }
    this.#openPayloads = open;
  }

  fail(error: LaunchpoolError, isRaw: boolean): void {
    const plain = toPlain(error);
    for (const [index, payload] of this.#openPayloads ?? [])
      this.settle(index, isRaw ? { failure: plain } : errorsFor(payload, plain));
  }

  #walk(): FrameWalk {
    const { slot, inputEnd } = this.batch;
    return new FrameWalk(slot.input, 0, inputEnd);
  }

  #settlementOf({ from, to }: ReplySpan): Settlement {
    if (from === to) return NO_REPLY;
    return { frames: this.batch.slot.output.subarray(from, to), retain: this.#retainSlot() };
  }

  #settleRange(range: FrameRange, base: number, index: number, count: number, settlement: Settlement): void {
    this.#mark(index, count);
    range.replyQueue.settle(range.group, range.first + index - base, count, settlement);
  }

  #mark(index: number, count: number): void {
    this.#settled += count;
    if (this.unsettled === 0 && this.#settledFrames === undefined) return;
    this.#settledFrames ??= new Uint8Array(this.batch.frames);
    this.#settledFrames.fill(1, index, index + count);
  }

  /** A frame that started since the last observation counts as started now. */
  #whenStarted(index: number, started: number): number | undefined {
    if (index >= started) return undefined;
    return index < this.#observed ? (this.#startedAt?.[index] ?? 0) : performance.now();
  }

  /** How many frames have started. */
  #started(): number {
    if (this.#isCompleted) return this.frames;
    const { control } = this.batch.slot;
    return Math.min(this.frames, cursorOf(Atomics.load(control.words, control.index)));
  }

  *#payloads(): Generator<{ index: number; payload: Buffer }> {
    if (this.#isCompleted) {
      for (const [index, payload] of this.#openPayloads ?? []) yield { index, payload };
      return;
    }
    const frames = this.#walk();
    for (let index = 0; frames.next(); index += 1) yield { index, payload: frames.payload };
  }
}
