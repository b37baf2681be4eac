/** Collects requests into batches: one request a batch while the agent is idle, more while short requests wait. */
import { spanOf } from '../../../wire/frame-walk.ts';
import { offer } from '../../../workers/control-word.ts';
import { INPUT_BYTES, MAX_FRAMES, OUTPUT_BYTES, PENDING } from '../../../workers/slot.ts';
import type { FrameRange } from '../connection/frame-range.ts';
import type { ReplyQueue } from '../connection/reply-queue.ts';
import { Deque } from '../deque.ts';
import { Batch } from './batch.ts';
import { createParkedRequests, isStalled } from './parked-requests.ts';
import { QueuedRange } from './queued-range.ts';
import type { SlotPool } from './slot-pool.ts';

/**
 * How long a batch should keep a thread busy, in microseconds: long enough to be worth a hand-over, short enough that
 * other threads get their share.
 */
const TARGET_US = 1000;
/** The weight of a new measurement of the time per request against all earlier ones. */
const WEIGHT = 0.2;
/** The smallest time per request that counts as measured. */
const MIN_US = 0.01;
/** The time per request before the first measurement. */
const GUESS_US = 20;
/** Up to this number, empty ranges stay among the others. */
const MAX_EMPTY = 32;

export type Batcher = {
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
  /** How many requests wait here. */
  readonly frames: number;
  /** The time that a worker is expected to need for this number of requests, in microseconds. */
  expectedUs(frames: number): number;
  /** Records the time that a worker needed for requests, in microseconds. */
  learn(us: number, frames: number): void;
};

/**
 * @param spread whether each batch holds one request until the first measurement, so that the first requests start as
 *   many threads as there may be, all at once.
 */
export function createBatcher(free: Pick<SlotPool, 'take' | 'release'>, spread = false): Batcher {
  const filled: Batch[] = [];
  const waiting = new Deque<QueuedRange>();
  const parked = createParkedRequests();
  /** How many of the waiting ranges are empty. */
  let empty = 0;
  let lastTicket = 0;
  let usPerFrame = GUESS_US;
  let isMeasured = false;

  function open(): Batch | undefined {
    const slot = free.take();
    if (slot === undefined) return undefined;
    lastTicket = (lastTicket + 1) & 0x7fff_ffff;
    const batch = new Batch(slot, lastTicket);
    filled.push(batch);
    return batch;
  }

  /** The highest number of requests in a batch, by their measured time. */
  function limit(): number {
    if (spread && !isMeasured) return 1;
    return Math.max(1, Math.min(MAX_FRAMES, Math.floor(TARGET_US / usPerFrame)));
  }

  /** Fills the last batch and new batches, as far as slots are free; returns where the frames begin that have no slot. */
  function fill(range: FrameRange, bytes: Buffer): number {
    let offset = 0;
    const maxFrames = limit();
    const { expectedBytes } = range.replyQueue;
    for (;;) {
      const last = filled.at(-1);
      const batch = last !== undefined && last.frames < maxFrames && last.replyBytes < OUTPUT_BYTES ? last : open();
      if (batch === undefined) return offset;
      // Replies that fit into the slot do not wait in their thread.
      const replies = Math.ceil((OUTPUT_BYTES - batch.replyBytes) / expectedBytes);
      const room = { frames: Math.min(maxFrames - batch.frames, replies), bytes: INPUT_BYTES - batch.inputEnd };
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

  function queueInFront(queued: readonly QueuedRange[]): void {
    for (const each of queued.toReversed()) if (each.left > 0) waiting.unshift(each);
  }

  /** Takes a batch apart of which some requests must not start: the others keep their place. */
  function takeApart(batch: Batch): void {
    const queued = Array.from(batch.parts(), ([range, bytes]) => queue(range, bytes));
    free.release(batch.slot);
    queueInFront(queued.filter(({ range }) => !isStalled(range)));
    for (const each of queued) if (each.left > 0 && isStalled(each.range)) parked.add(each);
  }

  function next(): Batch | undefined {
    for (;;) {
      if (filled.length === 0) advance();
      const batch = filled.shift();
      if (batch === undefined || !batch.ranges.some(isStalled)) return batch;
      takeApart(batch);
    }
  }

  return {
    add(range, bytes) {
      const filledTo = waiting.length === 0 ? fill(range, bytes) : 0;
      if (filledTo < bytes.length) waiting.push(queue(range, bytes.subarray(filledTo)));
    },
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
    take() {
      const batch = next();
      if (batch === undefined) return undefined;
      const { slot, frames, ticket } = batch;
      slot.states.fill(PENDING, 0, frames);
      batch.markCancelled();
      slot.ticket = ticket;
      slot.thread = 0;
      offer(slot.control, frames);
      return batch;
    },
    unpark(replyQueue) {
      const startable = parked.takeStartable(replyQueue);
      queueInFront(startable);
      return startable.length > 0;
    },
    get frames() {
      let { frames } = parked;
      for (const batch of filled) frames += batch.frames;
      for (const { left } of waiting) frames += left;
      return frames;
    },
    expectedUs: (frames) => frames * usPerFrame,
    learn(us, frames) {
      if (frames === 0) return;
      const measured = us / frames;
      isMeasured = true;
      // The mean of logarithms: one slow request among many fast ones does not undo the earlier measurements.
      usPerFrame *= (Math.max(measured, MIN_US) / usPerFrame) ** WEIGHT;
    },
  };
}
