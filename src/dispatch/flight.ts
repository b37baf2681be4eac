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
  const { slot, pieces } = batch;
  const { control, states, starts, output, input } = slot;
  /** Frames from here on have been taken back. */
  let limit = batch.frames;
  let settled = 0;
  /** Of the replies that this collection has found. */
  let bytes = 0;
  let seen = -2;
  let still = 0;
  let thread = 0;
  /** Which frames are settled, once some are and some are not. */
  let done: Uint8Array | undefined;
  /** The requests that are owed, once the slot is gone. */
  let kept: Map<number, Buffer> | undefined;

  function mark(index: number, count: number): void {
    settled += count;
    if (settled === limit && done === undefined) return;
    done ??= new Uint8Array(batch.frames);
    done.fill(1, index, index + count);
  }

  function collect(): { frames: number; bytes: number } {
    const before = settled;
    bytes = 0;
    // With nothing open there are no marks either, and what is settled would be settled again.
    if (settled === limit) return { frames: 0, bytes };
    let base = 0;
    for (const piece of pieces) {
      const end = Math.min(base + piece.count, limit);
      for (let index = base; index < end; ) index = collectRow(piece, base, index, end);
      base += piece.count;
    }
    return { frames: settled - before, bytes };
  }

  /** Settles the frame at `index`, with those behind it whose replies stand behind its own; returns the next index. */
  function collectRow(piece: Piece, base: number, index: number, end: number): number {
    const state = done?.[index] === 1 ? PENDING : Atomics.load(states, index);
    if (state < 0 || state === PENDING) {
      if (state === NOTHING) finish(piece, base, index, 1, NOTHING_OWED);
      return index + 1;
    }
    const from = starts[index] as number;
    let to = from + state;
    let next = index + 1;
    while (next < end && done?.[next] !== 1) {
      const length = Atomics.load(states, next);
      if (length <= 0 || starts[next] !== to) break;
      to += length;
      next += 1;
    }
    bytes += to - from;
    finish(piece, base, index, next - index, { frames: output.subarray(from, to), keep: keepSlot() });
    return next;
  }

  function finish(piece: Piece, base: number, index: number, count: number, settlement: Settlement): void {
    mark(index, count);
    piece.lane.settle(piece.segment, piece.first + index - base, count, settlement);
  }

  /** Where each frame stands in the input, from the first on. */
  function* requests(): Generator<{ index: number; start: number; payload: number; end: number }> {
    let start = 0;
    for (let index = 0; index < batch.frames; index += 1) {
      const payload = payloadStart(input, start);
      const end = payload + payloadLength(input, start);
      yield { index, start, payload, end };
      start = end;
    }
  }

  function settleOne(index: number, { reply, failure }: Outcome): boolean {
    if (index >= limit || settled === limit || done?.[index] === 1) return false;
    let base = 0;
    const piece = pieces.find(({ count }) => {
      base += count;
      return index < base;
    }) as Piece;
    kept?.delete(index);
    finish(piece, base - piece.count, index, 1, { frames: reply, failure, keep: ALREADY_OWN });
    return true;
  }

  return {
    batch,
    get thread() {
      return thread === 0 ? slot.thread : thread;
    },
    get frames() {
      return limit;
    },
    get owed() {
      return limit - settled;
    },
    collect,
    isFinished() {
      return settled === limit || Atomics.load(states, limit - 1) !== PENDING;
    },
    isStuck() {
      const cursor = cursorOf(Atomics.load(control.words, control.index));
      // That a worker has begun is progress too.
      const progress = slot.thread === 0 ? -1 : cursor;
      still = progress === seen ? still + 1 : 0;
      seen = progress;
      return still >= 2;
    },
    recall() {
      const { from, to } = takeBack(control);
      if (from === to) return undefined;
      limit = from;
      const [first] = [...requests()].slice(from);
      if (first === undefined) return undefined;
      return { pieces: tail(pieces, from), bytes: input.subarray(first.start, batch.inputEnd) };
    },
    settle: settleOne,
    land() {
      thread = slot.thread;
      if (settled === limit) return;
      kept = new Map();
      for (const { index, payload, end } of requests()) {
        if (index < limit && done?.[index] !== 1) kept.set(index, Buffer.from(input.subarray(payload, end)));
      }
    },
    lose(error, isRaw) {
      const plain = toPlain(error);
      for (const [index, payload] of kept ?? [])
        settleOne(index, isRaw ? { failure: plain } : errorsFor(payload, plain));
    },
  };
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
