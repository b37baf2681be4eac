/**
 * One batch on its way: handed to a worker, watched, and settled frame by frame, each frame once.
 *
 * A frame is settled here, or taken back to go with another batch, or owed: begun by a handler that is asynchronous.
 */
import { sniffEncoding } from '../../wire/encoding.ts';
import { type LaunchpoolError, type PlainError, toPlain } from '../../wire/errors.ts';
import { encodeTextFrame, payloadLength, payloadStart } from '../../wire/frame.ts';
import { scanIds } from '../../wire/id-scan.ts';
import { NULL_ID } from '../../wire/id-text.ts';
import { encodeError } from '../../wire/json-rpc.ts';
import { cursorOf, takeBack } from '../../workers/control-word.ts';
import { NOTHING, PENDING } from '../../workers/slot.ts';
import type { Outcome } from '../../workers/task.ts';
import type { Batch, Piece } from './batcher.ts';
import type { Keep, Settlement } from './lane.ts';

const NOTHING_OWED: Settlement = {};
/** For replies in memory that nobody else has. */
const ALREADY_OWN: Keep = () => () => undefined;

/** Consecutive frames, and where their replies stand in the output. */
type Row = { frames: number; from: number; to: number };
const OPEN_ROW: Row = { frames: 0, from: 0, to: 0 };
const NOTHING_ROW: Row = { frames: 1, from: 0, to: 0 };

/** Requests that no worker has begun, with their bytes. */
export type Untouched = { pieces: Piece[]; bytes: Buffer };

export type Flight = {
  readonly batch: Batch;
  /** The thread that has begun on it; 0 while none has. */
  readonly thread: number;
  /** Frames that have not been taken back. */
  readonly frames: number;
  /** Frames that have been begun and not settled. */
  readonly owed: number;
  /** Settles what the worker has finished so far; returns how much that was. */
  collect(): { frames: number; bytes: number };
  /** Whether the last frame has been through the worker, and with it all that are not asynchronous. */
  isFinished(): boolean;
  /** Whether nothing has moved since the last look but one. */
  isStuck(): boolean;
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
        const row = this.#row(index, end);
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
    return this.owed === 0 || Atomics.load(this.batch.slot.states, this.frames - 1) !== PENDING;
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

  recall(): Untouched | undefined {
    const { slot, pieces, inputEnd } = this.batch;
    const { from, to } = takeBack(slot.control);
    if (from === to) return undefined;
    this.frames = from;
    const [first] = [...this.#requests()].slice(from);
    if (first === undefined) return undefined;
    return { pieces: tail(pieces, from), bytes: slot.input.subarray(first.start, inputEnd) };
  }

  settle(index: number, { reply, failure }: Outcome): boolean {
    if (index >= this.frames || this.owed === 0 || this.#done?.[index] === 1) return false;
    let base = 0;
    const piece = this.batch.pieces.find(({ count }) => {
      base += count;
      return index < base;
    }) as Piece;
    this.#kept?.delete(index);
    this.#finish(piece, base - piece.count, index, 1, { frames: reply, failure, keep: ALREADY_OWN });
    return true;
  }

  land(): void {
    this.#thread = this.batch.slot.thread;
    if (this.owed === 0) return;
    this.#kept = new Map();
    for (const { index, payload, end } of this.#requests()) {
      if (index >= this.frames || this.#done?.[index] === 1) continue;
      this.#kept.set(index, Buffer.from(this.batch.slot.input.subarray(payload, end)));
    }
  }

  lose(error: LaunchpoolError, isRaw: boolean): void {
    const plain = toPlain(error);
    for (const [index, payload] of this.#kept ?? [])
      this.settle(index, isRaw ? { failure: plain } : errorsFor(payload, plain));
  }

  /** The frames from `index` on that can be settled together: whose replies stand one behind the other. */
  #row(index: number, end: number): Row {
    const { states, starts } = this.batch.slot;
    const done = this.#done;
    const state = done?.[index] === 1 ? PENDING : Atomics.load(states, index);
    if (state === NOTHING) return NOTHING_ROW;
    if (state < 0 || state === PENDING) return OPEN_ROW;
    const from = starts[index] as number;
    let to = from + state;
    let next = index + 1;
    while (next < end && done?.[next] !== 1) {
      const length = Atomics.load(states, next);
      if (length <= 0 || starts[next] !== to) break;
      to += length;
      next += 1;
    }
    return { frames: next - index, from, to };
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

  /** Where each frame stands in the input, from the first on. */
  *#requests(): Generator<{ index: number; start: number; payload: number; end: number }> {
    const { input } = this.batch.slot;
    let start = 0;
    for (let index = 0; index < this.batch.frames; index += 1) {
      const payload = payloadStart(input, start);
      const end = payload + payloadLength(input, start);
      yield { index, start, payload, end };
      start = end;
    }
  }
}

/** The pieces without their first `frames` frames. */
function tail(pieces: readonly Piece[], frames: number): Piece[] {
  let skip = frames;
  return pieces.flatMap((piece) => {
    const gone = Math.min(skip, piece.count);
    skip -= gone;
    return gone === piece.count ? [] : [{ ...piece, first: piece.first + gone, count: piece.count - gone }];
  });
}

/** What an RPC agent answers for a request that nobody can answer any more. Who sends what is no JSON waits too. */
export function errorsFor(payload: Buffer, error: PlainError): Pick<Outcome, 'reply' | 'failure'> {
  const isJson = sniffEncoding(payload) === 'json';
  const { batch, ids } = isJson ? scanIds(payload) : { batch: false, ids: [NULL_ID] };
  if (ids.length === 0) return {};
  const errors = ids.map((id) => encodeError(id, error));
  return { reply: encodeTextFrame(batch ? `[${errors.join(',')}]` : (errors[0] as string)) };
}
