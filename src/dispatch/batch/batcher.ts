/** Collects requests into batches: one request a batch while the agent is idle, more while short requests wait. */
import { spanOf } from '../../../wire/frame-walk.ts';
import { offer } from '../../../workers/control-word.ts';
import { INPUT_BYTES, OUTPUT_BYTES, PENDING } from '../../../workers/slot.ts';
import { type BatchSize, createBatchSize } from '../batch-size.ts';
import type { FrameRange } from '../connection/frame-range.ts';
import type { ReplyQueue } from '../connection/reply-queue.ts';
import { Deque } from '../deque.ts';
import { Batch } from './batch.ts';
import { createParkedRequests, isStalled } from './parked-requests.ts';
import { QueuedRange } from './queued-range.ts';
import type { SlotPool } from './slot-pool.ts';
import { Turns } from './turns.ts';

/** Up to this number, empty ranges stay among the others. */
const MAX_EMPTY = 32;

export type Batcher = Pick<BatchSize, 'expectedUs' | 'learn'> & {
  /** Takes requests with their headers; copies the bytes. */
  add(range: FrameRange, bytes: Buffer): void;
  /** Takes requests back that no worker started. They go before all others that wait for a slot. */
  putBack(ranges: readonly FrameRange[], bytes: Buffer): void;
  /**
   * The next batch, ready for a worker; undefined when no request may start, or no slot is free. Requests of a stalled
   * connection are parked, until `unpark` finds that they may start.
   */
  take(): Batch | undefined;
  /** Lets the parked requests of a connection, or of all, go on if they may start now. Returns whether there are any. */
  unpark(replyQueue?: ReplyQueue): boolean;
  /**
   * A batch for a thread that has as many open requests as it may have: one request of each connection of which none runs.
   * @param elsewhere how many requests of a connection wait in another place.
   */
  takeExtra(elsewhere: (replyQueue: ReplyQueue) => number): Batch | undefined;
  /** How many requests of a connection wait, once `takeExtra` was called; cancelled ones may be among them. */
  waitingOf(replyQueue: ReplyQueue): number;
  /** How many requests wait here. */
  readonly frames: number;
};

/**
 * @param spread whether each batch holds one request until the first measurement, so that the first requests start as
 *   many threads as there may be, all at once.
 * @param share see `createBatchSize`.
 */
export function createBatcher(free: Pick<SlotPool, 'take' | 'release'>, spread = false, share?: () => number): Batcher {
  const filled: Batch[] = [];
  const waiting = new Deque<QueuedRange>();
  const parked = createParkedRequests(({ range, bytes }) => add(range, bytes));
  /** How many of the waiting ranges are empty. */
  let empty = 0;
  /** The requests that wait, from the time at which all threads are full until none waits. */
  let turns: Turns | undefined;
  let lastTicket = 0;
  const { limit, expectedUs, learn } = createBatchSize(spread, share);

  function open(): Batch | undefined {
    const batch = create();
    if (batch !== undefined) filled.push(batch);
    return batch;
  }

  function create(): Batch | undefined {
    const slot = free.take();
    if (slot === undefined) return undefined;
    lastTicket = (lastTicket + 1) & 0x7fff_ffff;
    return new Batch(slot, lastTicket);
  }

  /** Fills the last batch and new batches, as far as slots are free; returns where the frames begin that have no slot. */
  function fill(range: FrameRange, bytes: Buffer): number {
    let offset = 0;
    const maxFrames = limit();
    for (;;) {
      const last = filled.at(-1);
      const batch = last !== undefined && last.frames < maxFrames && last.replyBytes < OUTPUT_BYTES ? last : open();
      if (batch === undefined) return offset;
      const room = {
        frames: Math.min(maxFrames - batch.frames, batch.replyRoom(range.replyQueue)),
        bytes: INPUT_BYTES - batch.inputEnd,
      };
      const { count } = range;
      const part =
        count <= room.frames && bytes.length - offset <= room.bytes
          ? { frames: count, end: bytes.length }
          : spanOf(bytes, offset, Math.min(count, room.frames), room.bytes);
      if (part.frames === count) {
        batch.add(range, bytes, offset, part.end);
        return bytes.length;
      }
      if (part.frames > 0) batch.add(range.takeFirst(part.frames), bytes, offset, part.end);
      else if (batch.frames === 0) throw new RangeError('a request is longer than a slot');
      else if (open() === undefined) return offset;
      offset = part.end;
    }
  }

  function queue(range: FrameRange, bytes: Buffer): QueuedRange {
    return new QueuedRange(range, Buffer.from(bytes), onEmpty);
  }

  /** Empty ranges leave the queue together: each costs constant time, wherever it is. */
  function onEmpty(): void {
    empty += 1;
    if (empty <= MAX_EMPTY || 2 * empty < waiting.length) return;
    waiting.keep(({ left }) => left > 0);
    empty = 0;
  }

  /** Moves waiting ranges into free slots. */
  function advance(): void {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { range, bytes } = next;
      if (next.left === 0) {
        empty -= 1;
        continue;
      }
      if (isStalled(range)) {
        parked.add(next);
        continue;
      }
      const { first } = range;
      const filledTo = fill(range, bytes);
      if (filledTo === bytes.length) continue;
      next.shorten(first, bytes.subarray(filledTo));
      if (next.left > 0) waiting.unshift(next);
      return;
    }
  }

  /** They keep their order, and go before all others, or before the others of their connections. */
  function queueInFront(queued: readonly QueuedRange[]): void {
    for (const each of queued.toReversed()) {
      if (each.left === 0) continue;
      if (turns === undefined) waiting.unshift(each);
      else turns.add(each, true);
    }
  }

  /** Takes a batch apart that no thread has. */
  function takeApart(batch: Batch): QueuedRange[] {
    const queued = Array.from(batch.parts(), ([range, bytes]) => queue(range, bytes));
    free.release(batch.slot);
    return queued.filter(({ left }) => left > 0);
  }

  /** Some requests of the batch must not start: the others keep their place. */
  function parkStalled(batch: Batch): void {
    const queued = takeApart(batch);
    queueInFront(queued.filter(({ range }) => !isStalled(range)));
    for (const each of queued) if (isStalled(each.range)) parked.add(each);
  }

  /** All that waits, also in batches that no thread has, waits by its connections from now on. */
  function startTurns(): Turns {
    turns = new Turns(parked.add);
    for (const batch of filled.splice(0)) for (const queued of takeApart(batch)) turns.add(queued);
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) if (next.left > 0) turns.add(next);
    empty = 0;
    return turns;
  }

  function takeFrom(from: Turns, fillOne: (batch: Batch) => void): Batch | undefined {
    const batch = create();
    if (batch === undefined) return undefined;
    fillOne(batch);
    if (from.isEmpty) turns = undefined;
    if (batch.frames > 0) return batch;
    free.release(batch.slot);
    return undefined;
  }

  function next(): Batch | undefined {
    if (turns !== undefined) {
      const present = turns;
      return takeFrom(present, (batch) => present.fill(batch, limit()));
    }
    for (;;) {
      if (filled.length === 0) advance();
      const batch = filled.shift();
      if (batch === undefined || !batch.ranges.some(isStalled)) return batch;
      parkStalled(batch);
    }
  }

  function offerAs(batch: Batch | undefined, isExtra: boolean): Batch | undefined {
    if (batch === undefined) return undefined;
    const { slot, frames, ticket } = batch;
    slot.states.fill(PENDING, 0, frames);
    batch.markCancelled();
    batch.writeFacts();
    slot.ticket = ticket;
    slot.thread = 0;
    slot.isExtra = isExtra;
    batch.isExtra = isExtra;
    offer(slot.control, frames);
    return batch;
  }

  function add(range: FrameRange, bytes: Buffer): void {
    if (turns !== undefined) {
      turns.add(queue(range, bytes));
      return;
    }
    const filledTo = waiting.length === 0 ? fill(range, bytes) : 0;
    if (filledTo < bytes.length) waiting.push(queue(range, bytes.subarray(filledTo)));
  }

  return {
    add,
    putBack(ranges, bytes) {
      let offset = 0;
      const back = ranges.map((range) => {
        const { end } = spanOf(bytes, offset, range.count);
        const queued = queue(range, bytes.subarray(offset, end));
        offset = end;
        return queued;
      });
      queueInFront(back);
    },
    take: () => offerAs(next(), false),
    takeExtra(elsewhere) {
      if (turns === undefined && filled.length === 0 && waiting.length === 0) return undefined;
      const present = turns ?? startTurns();
      const notHere = (replyQueue: ReplyQueue): number => elsewhere(replyQueue) + parked.waitingOf(replyQueue);
      return offerAs(
        takeFrom(present, (batch) => present.fillExtra(batch, limit(), notHere)),
        true,
      );
    },
    waitingOf: (replyQueue) => (turns?.waitingOf(replyQueue) ?? 0) + parked.waitingOf(replyQueue),
    unpark(replyQueue) {
      const startable = parked.takeStartable(replyQueue);
      queueInFront(startable);
      return startable.length > 0;
    },
    get frames() {
      let { frames } = parked;
      for (const batch of filled) frames += batch.frames;
      for (const { left } of waiting) frames += left;
      return frames + (turns?.frames ?? 0);
    },
    expectedUs,
    learn,
  };
}
