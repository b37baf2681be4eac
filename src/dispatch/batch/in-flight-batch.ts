/**
 * One batch on its way: handed to a worker, watched, and settled frame by frame, each frame once.
 *
 * A frame is settled here, or taken back to go with another batch, or owed: begun by a handler that is asynchronous.
 */
import { type LaunchpoolError, toPlain } from '../../../wire/errors.ts';
import { cursorOf, takeBack } from '../../../workers/control-word.ts';
import { DROPPED, PENDING } from '../../../workers/slot.ts';
import type { Outcome } from '../../../workers/task.ts';
import { errorsFor } from '../connection/error-replies.ts';
import type { Keep, Settlement } from '../connection/reply-queue.ts';
import { framesIn, pieceFinder, type Row, rowAt, tail } from './batch-layout.ts';
import type { Batch, Piece } from './batcher.ts';

const NOTHING_OWED: Settlement = {};
/** For replies in memory that nobody else has. */
const ALREADY_OWN: Keep = () => () => undefined;

/** A request that has no outcome yet. */
export type OpenRequest = {
  piece: Piece;
  /** In the segment. */
  place: number;
  /** In the batch. */
  index: number;
  payload: Buffer;
  /** When it was begun, as far as that has been observed; undefined while it has not been. */
  begunAt: number | undefined;
};

/** Requests that no worker has begun, with their bytes. */
export type Untouched = { pieces: Piece[]; bytes: Buffer };

export type Flight = {
  readonly batch: Batch;
  /** The thread that has begun on it; 0 while none has. */
  readonly thread: number;
  /** Frames that have not been taken back. */
  readonly frames: number;
  /** Frames that have not been begun. */
  readonly untouched: number;
  /** Frames that have been begun and not settled. */
  readonly owed: number;
  /** Settles what the worker has finished so far; returns how much that was. */
  collect(): { frames: number; bytes: number };
  /** Whether the last frame has been through the worker, and with it all that are not asynchronous. */
  isFinished(): boolean;
  /** Whether nothing has moved since the last look but one. */
  isStuck(): boolean;
  /** Visits the requests that have no outcome yet, of the pieces that are asked for. */
  visit(wants: (piece: Piece) => boolean, visitor: (request: OpenRequest) => void): void;
  /** Has a request not be begun, if it has not been; says whether it may have been. */
  skip(index: number): boolean;
  /** Whether a request has no outcome yet. */
  isOpen(index: number): boolean;
  /** Notes when requests have been begun, for those who ask. */
  observe(now: number): void;
  /** Takes back what has not been begun. */
  recall(): Untouched | undefined;
  /** Settles one frame with an outcome that was told aside; says whether it was still open. */
  settle(index: number, outcome: Outcome): boolean;
  /** The worker is done with the slot. What is owed from now on keeps its own bytes, so the slot may be reused. */
  land(): void;
  /** The thread has ended: what is owed fails with this error. */
  lose(error: LaunchpoolError, isRaw: boolean): void;
};

/** @param keepSlot returns what keeps the slot while replies are being written from it, if that is possible. */
export function createFlight(batch: Batch, keepSlot: () => Keep | undefined): Flight {
  return new BatchFlight(batch, keepSlot);
}

class BatchFlight implements Flight {
  readonly batch: Batch;
  /** Frames from here on have been taken back. */
  frames: number;
  readonly #keepSlot: () => Keep | undefined;
  #settled = 0;
  #seen = -2;
  #still = 0;
  #thread = 0;
  #landed = false;
  /** When frames were begun, once somebody has asked: those below the last one that was seen to be. */
  #begunAt: Float64Array | undefined;
  #seenBegun = 0;
  /** Which frames are settled, once some are and some are not. */
  #done: Uint8Array | undefined;
  /** The requests that are owed, once the slot is gone. */
  #kept: Map<number, Buffer> | undefined;

  constructor(batch: Batch, keepSlot: () => Keep | undefined) {
    this.batch = batch;
    this.frames = batch.frames;
    this.#keepSlot = keepSlot;
  }

  get thread(): number {
    return this.#thread === 0 ? this.batch.slot.thread : this.#thread;
  }

  get untouched(): number {
    return this.frames - this.#begun();
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
    for (const piece of this.batch.pieces) {
      const end = Math.min(base + piece.count, this.frames);
      for (let index = base; index < end; ) {
        const row = rowAt(this.batch.slot, index, end, this.#done);
        if (row.frames > 0) {
          bytes += row.to - row.from;
          this.#finish(piece, base, index, row.frames, this.#settlementOf(row));
        }
        index += Math.max(row.frames, 1);
      }
      base += piece.count;
    }
    return { frames: this.#settled - before, bytes };
  }

  isFinished(): boolean {
    if (this.owed === 0) return true;
    const state = Atomics.load(this.batch.slot.states, this.frames - 1);
    return state !== PENDING && state !== DROPPED;
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

  visit(wants: (piece: Piece) => boolean, visitor: (request: OpenRequest) => void): void {
    if (this.owed === 0 || !this.batch.pieces.some(wants)) return;
    const begun = this.#begun();
    const pieceOf = pieceFinder(this.batch.pieces);
    for (const { index, payload } of this.#payloads()) {
      const { piece, base } = pieceOf(index);
      if (!this.isOpen(index) || !wants(piece)) continue;
      visitor({ piece, place: piece.first + index - base, index, payload, begunAt: this.#whenBegun(index, begun) });
    }
  }

  skip(index: number): boolean {
    if (!this.#landed) Atomics.compareExchange(this.batch.slot.states, index, PENDING, DROPPED);
    return index < this.#begun();
  }

  isOpen(index: number): boolean {
    return index < this.frames && this.owed > 0 && this.#done?.[index] !== 1;
  }

  observe(now: number): void {
    const begun = this.#begun();
    if (this.#begunAt === undefined) this.#begunAt = new Float64Array(this.batch.frames);
    this.#begunAt.fill(now, this.#seenBegun, begun);
    this.#seenBegun = Math.max(this.#seenBegun, begun);
  }

  recall(): Untouched | undefined {
    const { slot, pieces, inputEnd } = this.batch;
    const { from, to } = takeBack(slot.control);
    if (from === to) return undefined;
    this.frames = from;
    const [first] = [...framesIn(this.batch)].slice(from);
    if (first === undefined) return undefined;
    return { pieces: tail(pieces, from), bytes: slot.input.subarray(first.start, inputEnd) };
  }

  settle(index: number, { reply, failure }: Outcome): boolean {
    if (index >= this.frames || this.owed === 0 || this.#done?.[index] === 1) return false;
    const { piece, base } = pieceFinder(this.batch.pieces)(index);
    this.#kept?.delete(index);
    this.#finish(piece, base, index, 1, { frames: reply, failure, keep: ALREADY_OWN });
    return true;
  }

  land(): void {
    this.#thread = this.batch.slot.thread;
    this.#landed = true;
    if (this.owed === 0) return;
    this.#kept = new Map();
    for (const { index, payload, end } of framesIn(this.batch)) {
      if (index >= this.frames || this.#done?.[index] === 1) continue;
      this.#kept.set(index, Buffer.from(this.batch.slot.input.subarray(payload, end)));
    }
  }

  lose(error: LaunchpoolError, isRaw: boolean): void {
    const plain = toPlain(error);
    for (const [index, payload] of this.#kept ?? [])
      this.settle(index, isRaw ? { failure: plain } : errorsFor(payload, plain));
  }

  #settlementOf({ from, to }: Row): Settlement {
    if (from === to) return NOTHING_OWED;
    return { frames: this.batch.slot.output.subarray(from, to), keep: this.#keepSlot() };
  }

  #finish(piece: Piece, base: number, index: number, count: number, settlement: Settlement): void {
    this.#mark(index, count);
    piece.lane.settle(piece.segment, piece.first + index - base, count, settlement);
  }

  #mark(index: number, count: number): void {
    this.#settled += count;
    if (this.owed === 0 && this.#done === undefined) return;
    this.#done ??= new Uint8Array(this.batch.frames);
    this.#done.fill(1, index, index + count);
  }

  /** One that has been begun since the last look has been begun now, as far as anybody can tell. */
  #whenBegun(index: number, begun: number): number | undefined {
    if (index >= begun) return undefined;
    return index < this.#seenBegun ? (this.#begunAt?.[index] ?? 0) : performance.now();
  }

  /** How many frames have been begun. */
  #begun(): number {
    if (this.#landed) return this.frames;
    const { control } = this.batch.slot;
    return Math.min(this.frames, cursorOf(Atomics.load(control.words, control.index)));
  }

  *#payloads(): Generator<{ index: number; payload: Buffer }> {
    if (this.#landed) for (const [index, payload] of this.#kept ?? []) yield { index, payload };
    else {
      const { input } = this.batch.slot;
      for (const { index, payload, end } of framesIn(this.batch))
        yield { index, payload: input.subarray(payload, end) };
    }
  }
}
