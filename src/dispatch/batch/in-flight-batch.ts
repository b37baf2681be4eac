/**
 * One batch on its way: handed to a worker, watched, and settled frame by frame, each frame once.
 *
 * A frame is settled here, or taken back to go with another batch, or owed: begun by a handler that is asynchronous.
 */
import { type LaunchpoolError, toPlain } from '../../../wire/errors.ts';
import { cursorOf, takeBack } from '../../../workers/control-word.ts';
import { CANCELLED, PENDING } from '../../../workers/slot.ts';
import type { Outcome } from '../../../workers/task.ts';
import { errorsFor } from '../connection/error-replies.ts';
import type { Retain, Settlement } from '../connection/reply-queue.ts';
import { framesIn, type ReplySpan, rangeFinder, replySpanAt, tail } from './batch-layout.ts';
import type { Batch, FrameRange } from './batcher.ts';

const NOTHING_OWED: Settlement = {};
/** For replies in memory that nobody else has. */
const ALREADY_OWN: Retain = () => () => undefined;

/** A request that has no outcome yet. */
export type OpenRequest = {
  range: FrameRange;
  /** In the segment. */
  position: number;
  /** In the batch. */
  index: number;
  payload: Buffer;
  /** When it was begun, as far as that has been observed; undefined while it has not been. */
  startedAt: number | undefined;
};

/** Requests that no worker has begun, with their bytes. */
export type NotStarted = { ranges: FrameRange[]; bytes: Buffer };

export type InFlightBatch = {
  readonly batch: Batch;
  /** The thread that has begun on it; 0 while none has. */
  readonly thread: number;
  /** Frames that have not been taken back. */
  readonly frames: number;
  /** Frames that have not been begun. */
  readonly notStarted: number;
  /** Frames that have been begun and not settled. */
  readonly owed: number;
  /** Settles what the worker has finished so far; returns how much that was. */
  collect(): { frames: number; bytes: number };
  /** Whether the last frame has been through the worker, and with it all that are not asynchronous. */
  isFinished(): boolean;
  /** Whether nothing has moved since the last look but one. */
  isStuck(): boolean;
  /** Visits the requests that have no outcome yet, of the pieces that are asked for. */
  visit(wants: (range: FrameRange) => boolean, visitor: (request: OpenRequest) => void): void;
  /** Has a request not be begun, if it has not been; says whether it may have been. */
  skip(index: number): boolean;
  /** Whether a request has no outcome yet. */
  isOpen(index: number): boolean;
  /** Notes when requests have been begun, for those who ask. */
  observe(now: number): void;
  /** Takes back what has not been begun. */
  takeBack(): NotStarted | undefined;
  /** Settles one frame with an outcome that was told aside; says whether it was still open. */
  settle(index: number, outcome: Outcome): boolean;
  /** The worker is done with the slot. What is owed from now on keeps its own bytes, so the slot may be reused. */
  complete(): void;
  /** The thread has ended: what is owed fails with this error. */
  lose(error: LaunchpoolError, isRaw: boolean): void;
};

/** @param keepSlot returns what keeps the slot while replies are being written from it, if that is possible. */
export function createInFlightBatch(batch: Batch, retainSlot: () => Retain | undefined): InFlightBatch {
  return new DispatchedBatch(batch, retainSlot);
}

class DispatchedBatch implements InFlightBatch {
  readonly batch: Batch;
  /** Frames from here on have been taken back. */
  frames: number;
  readonly #retainSlot: () => Retain | undefined;
  #settled = 0;
  #seen = -2;
  #still = 0;
  #thread = 0;
  #completed = false;
  /** When frames were begun, once somebody has asked: those below the last one that was seen to be. */
  #startedAt: Float64Array | undefined;
  #seenStarted = 0;
  /** Which frames are settled, once some are and some are not. */
  #done: Uint8Array | undefined;
  /** The requests that are owed, once the slot is gone. */
  #retained: Map<number, Buffer> | undefined;

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

  get owed(): number {
    return this.frames - this.#settled;
  }

  collect(): { frames: number; bytes: number } {
    const before = this.#settled;
    let bytes = 0;
    // With nothing open there are no marks either, and what is settled would be settled again.
    if (before === this.frames) return { frames: 0, bytes };
    let base = 0;
    for (const range of this.batch.ranges) {
      const end = Math.min(base + range.count, this.frames);
      for (let index = base; index < end; ) {
        const span = replySpanAt(this.batch.slot, index, end, this.#done);
        if (span.frames > 0) {
          bytes += span.to - span.from;
          this.#finish(range, base, index, span.frames, this.#settlementOf(span));
        }
        index += Math.max(span.frames, 1);
      }
      base += range.count;
    }
    return { frames: this.#settled - before, bytes };
  }

  isFinished(): boolean {
    if (this.owed === 0) return true;
    const state = Atomics.load(this.batch.slot.states, this.frames - 1);
    return state !== PENDING && state !== CANCELLED;
  }

  isStuck(): boolean {
    const { control, thread } = this.batch.slot;
    const cursor = cursorOf(Atomics.load(control.words, control.index));
    // That a worker has begun is progress too.
    const progress = thread === 0 ? -1 : cursor;
    this.#still = progress === this.#seen ? this.#still + 1 : 0;
    this.#seen = progress;
    return this.#still >= 2;
  }

  visit(wants: (range: FrameRange) => boolean, visitor: (request: OpenRequest) => void): void {
    if (this.owed === 0 || !this.batch.ranges.some(wants)) return;
    const started = this.#started();
    const rangeOf = rangeFinder(this.batch.ranges);
    for (const { index, payload } of this.#payloads()) {
      const { range, base } = rangeOf(index);
      if (!this.isOpen(index) || !wants(range)) continue;
      visitor({
        range,
        position: range.first + index - base,
        index,
        payload,
        startedAt: this.#whenStarted(index, started),
      });
    }
  }

  skip(index: number): boolean {
    if (!this.#completed) Atomics.compareExchange(this.batch.slot.states, index, PENDING, CANCELLED);
    return index < this.#started();
  }

  isOpen(index: number): boolean {
    return index < this.frames && this.owed > 0 && this.#done?.[index] !== 1;
  }

  observe(now: number): void {
    const started = this.#started();
    if (this.#startedAt === undefined) this.#startedAt = new Float64Array(this.batch.frames);
    this.#startedAt.fill(now, this.#seenStarted, started);
    this.#seenStarted = Math.max(this.#seenStarted, started);
  }

  takeBack(): NotStarted | undefined {
    const { slot, ranges, inputEnd } = this.batch;
    const { from, to } = takeBack(slot.control);
    if (from === to) return undefined;
    this.frames = from;
    const [first] = [...framesIn(this.batch)].slice(from);
    if (first === undefined) return undefined;
    return { ranges: tail(ranges, from), bytes: slot.input.subarray(first.start, inputEnd) };
  }

  settle(index: number, { reply, failure }: Outcome): boolean {
    if (index >= this.frames || this.owed === 0 || this.#done?.[index] === 1) return false;
    const { range, base } = rangeFinder(this.batch.ranges)(index);
    this.#retained?.delete(index);
    this.#finish(range, base, index, 1, { frames: reply, failure, retain: ALREADY_OWN });
    return true;
  }

  complete(): void {
    this.#thread = this.batch.slot.thread;
    this.#completed = true;
    if (this.owed === 0) return;
    this.#retained = new Map();
    for (const { index, payload, end } of framesIn(this.batch)) {
      if (index >= this.frames || this.#done?.[index] === 1) continue;
      this.#retained.set(index, Buffer.from(this.batch.slot.input.subarray(payload, end)));
    }
  }

  lose(error: LaunchpoolError, isRaw: boolean): void {
    const plain = toPlain(error);
    for (const [index, payload] of this.#retained ?? [])
      this.settle(index, isRaw ? { failure: plain } : errorsFor(payload, plain));
  }

  #settlementOf({ from, to }: ReplySpan): Settlement {
    if (from === to) return NOTHING_OWED;
    return { frames: this.batch.slot.output.subarray(from, to), retain: this.#retainSlot() };
  }

  #finish(range: FrameRange, base: number, index: number, count: number, settlement: Settlement): void {
    this.#mark(index, count);
    range.replyQueue.settle(range.group, range.first + index - base, count, settlement);
  }

  #mark(index: number, count: number): void {
    this.#settled += count;
    if (this.owed === 0 && this.#done === undefined) return;
    this.#done ??= new Uint8Array(this.batch.frames);
    this.#done.fill(1, index, index + count);
  }

  /** One that has been begun since the last look has been begun now, as far as anybody can tell. */
  #whenStarted(index: number, started: number): number | undefined {
    if (index >= started) return undefined;
    return index < this.#seenStarted ? (this.#startedAt?.[index] ?? 0) : performance.now();
  }

  /** How many frames have been begun. */
  #started(): number {
    if (this.#completed) return this.frames;
    const { control } = this.batch.slot;
    return Math.min(this.frames, cursorOf(Atomics.load(control.words, control.index)));
  }

  *#payloads(): Generator<{ index: number; payload: Buffer }> {
    if (this.#completed) for (const [index, payload] of this.#retained ?? []) yield { index, payload };
    else {
      const { input } = this.batch.slot;
      for (const { index, payload, end } of framesIn(this.batch))
        yield { index, payload: input.subarray(payload, end) };
    }
  }
}
