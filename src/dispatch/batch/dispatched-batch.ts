/** A batch that a worker has, as shared memory shows its progress. */
import { type LaunchpoolError, toPlain } from '../../../wire/errors.ts';
import { FrameWalk } from '../../../wire/frame-walk.ts';
import { cursorOf, takeBack } from '../../../workers/control-word.ts';
import { CANCELLED, PENDING } from '../../../workers/slot.ts';
import type { Outcome } from '../../../workers/task.ts';
import type { OpenRequest } from '../cancel/open-requests.ts';
import type { Started } from '../cancel/started-requests.ts';
import { contain } from '../connection/containment.ts';
import { errorsFor } from '../connection/error-replies.ts';
import { type FrameRange, rangeAt, takeRangesAfter } from '../connection/frame-range.ts';
import type { Retain, Settlement } from '../connection/reply-queue.ts';
import type { Batch } from './batch.ts';
import { BatchRequest } from './batch-request.ts';
import type { InFlightBatch, NotStarted } from './in-flight-batch.ts';
import { type ReplySpan, replySpanAt } from './reply-span.ts';
import { StartedFrames } from './started-frames.ts';
import { payloadAt } from './waiting-request.ts';

const NO_REPLY: Settlement = {};
/** For replies in memory of their own. */
const NOTHING_TO_RETAIN: Retain = () => () => undefined;

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
  isCompleted = false;
  /** The frames whose requests are orphans. */
  #orphans: Set<number> | undefined;
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
    batch.inFlight = this;
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

  collect(): void {
    // When all frames are settled no marks are left, and they would be settled again.
    if (this.unsettled === 0) return;
    for (const range of this.batch.ranges) {
      const end = Math.min(range.index + range.count, this.frames);
      for (let index = range.index; index < end; ) {
        const span = replySpanAt(this.batch.slot, index, end, this.#settledFrames);
        if (span.frames > 0) this.#settleRange(range, index, span.frames, this.#settlementOf(span));
        index += Math.max(span.frames, 1);
      }
    }
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

  visit(visitor: (request: OpenRequest) => void): void {
    this.visitFrames(0, this.frames, visitor);
  }

  visitRange(range: FrameRange, visitor: (request: OpenRequest) => void): void {
    this.#visit(range, range.index, range.index + range.count, visitor);
  }

  /** Visits the requests from one frame up to another that have no outcome. */
  visitFrames(from: number, to: number, visitor: (request: OpenRequest) => void): void {
    const { ranges } = this.batch;
    for (let index = from; index < to; ) {
      const range = rangeAt(ranges, index);
      const end = range.index + range.count;
      this.#visit(range, index, Math.min(end, to), visitor);
      index = end;
    }
  }

  requestAt(range: FrameRange, position: number): OpenRequest | undefined {
    const index = range.index + position - range.first;
    return this.isOpen(index) ? new BatchRequest(this, range, index) : undefined;
  }

  requestOf(index: number): OpenRequest | undefined {
    return this.isOpen(index) ? new BatchRequest(this, rangeAt(this.batch.ranges, index), index) : undefined;
  }

  payloadOf(range: FrameRange, index: number): Buffer {
    const open = this.#openPayloads?.get(index);
    return open ?? payloadAt(this.batch.framesOf(range), index - range.index);
  }

  skip(index: number): boolean {
    if (!this.isCompleted) Atomics.compareExchange(this.batch.slot.states, index, PENDING, CANCELLED);
    return index < this.#started();
  }

  isOpen(index: number): boolean {
    return index < this.frames && this.unsettled > 0 && this.#settledFrames?.[index] !== 1;
  }

  orphan(index: number): void {
    this.#orphans ??= new Set();
    this.#orphans.add(index);
  }

  isOrphan(index: number): boolean {
    return this.#orphans?.has(index) === true;
  }

  observeStarts(now: number): Started | undefined {
    const from = this.#observed;
    const to = this.#started();
    if (to <= from) return undefined;
    if (this.#startedAt === undefined) this.#startedAt = new Float64Array(this.batch.frames);
    this.#startedAt.fill(now, from, to);
    this.#observed = to;
    return new StartedFrames(this, from, to);
  }

  takeBack(): NotStarted | undefined {
    const { slot, ranges, inputEnd } = this.batch;
    const { from, to } = takeBack(slot.control);
    if (from === to) return undefined;
    this.frames = from;
    const last = rangeAt(ranges, from);
    const frames = this.batch.framesOf(last);
    for (let index = last.index; index < from; index += 1) frames.next();
    return { ranges: takeRangesAfter(ranges, from), bytes: slot.input.subarray(frames.end, inputEnd) };
  }

  settle(index: number, { reply, failure }: Outcome): boolean {
    if (!this.isOpen(index)) return false;
    this.#openPayloads?.delete(index);
    this.#settleRange(rangeAt(this.batch.ranges, index), index, 1, {
      frames: reply,
      failure,
      retain: NOTHING_TO_RETAIN,
    });
    return true;
  }

  complete(): void {
    this.#thread = this.batch.slot.thread;
    this.isCompleted = true;
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
    for (const [index, payload] of this.#openPayloads ?? []) {
      const { replyQueue } = rangeAt(this.batch.ranges, index);
      const errors = (): Outcome => (isRaw ? { failure: plain } : errorsFor(payload, plain));
      this.settle(index, contain(replyQueue, errors) ?? {});
    }
  }

  #walk(): FrameWalk {
    const { slot, inputEnd } = this.batch;
    return new FrameWalk(slot.input, 0, inputEnd);
  }

  #settlementOf({ from, to }: ReplySpan): Settlement {
    if (from === to) return NO_REPLY;
    return { frames: this.batch.slot.output.subarray(from, to), retain: this.#retainSlot() };
  }

  #settleRange(range: FrameRange, index: number, count: number, settlement: Settlement): void {
    this.#mark(index, count);
    range.replyQueue.settle(range.group, range.first + index - range.index, count, settlement);
  }

  #mark(index: number, count: number): void {
    this.#settled += count;
    if (this.unsettled === 0 && this.#settledFrames === undefined) return;
    this.#settledFrames ??= new Uint8Array(this.batch.frames);
    this.#settledFrames.fill(1, index, index + count);
  }

  /** A frame that started since the last observation counts as started now. */
  startOf(index: number): number | undefined {
    if (index >= this.#started()) return undefined;
    return index < this.#observed ? (this.#startedAt?.[index] ?? 0) : performance.now();
  }

  /** How many frames have started. */
  #started(): number {
    if (this.isCompleted) return this.frames;
    const { control } = this.batch.slot;
    return Math.min(this.frames, cursorOf(Atomics.load(control.words, control.index)));
  }

  #visit(range: FrameRange, from: number, to: number, visitor: (request: OpenRequest) => void): void {
    if (this.unsettled === 0) return;
    const frames = this.isCompleted ? undefined : this.batch.framesOf(range);
    for (let index = range.index; index < from; index += 1) frames?.next();
    for (let index = from; index < to; index += 1) {
      frames?.next();
      if (this.isOpen(index)) visitor(new BatchRequest(this, range, index, frames?.payload));
    }
  }
}
