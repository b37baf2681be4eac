/** Collects requests into batches: one request a batch while the agent is idle, more while short requests wait. */
import { FrameWalk, spanOf } from '../../../wire/frame-walk.ts';
import { offer } from '../../../workers/control-word.ts';
import { CANCELLED, INPUT_BYTES, KIND_UNKNOWN, MAX_FRAMES, PENDING, type Slot } from '../../../workers/slot.ts';
import { type RequestSource, type Selector, WaitingRequest } from '../cancel/open-requests.ts';
import { type FrameRange, isCancelled } from '../connection/frame-range.ts';
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

export type Batch = {
  slot: Slot;
  ticket: number;
  ranges: FrameRange[];
  frames: number;
  inputEnd: number;
  /** How many of the frames are cancelled, and do not start. */
  cancelled: number;
};

/** A range that has no slot yet, with the bytes of its frames, in memory of its own. */
type QueuedRange = { range: FrameRange; bytes: Buffer };

export type Batcher = RequestSource & {
  /** Takes requests with their headers; copies the bytes. */
  add(range: FrameRange, bytes: Buffer): void;
  /** Takes requests back that no worker started. They go before all others that wait for a slot. */
  putBack(ranges: readonly FrameRange[], bytes: Buffer): void;
  /** The next batch, ready for a worker; undefined when no request waits, or no slot is free. */
  take(): Batch | undefined;
  /** Frees the memory of waiting ranges of which every request is settled. */
  forgetCancelled(): void;
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
export function createBatcher(free: Pick<SlotPool, 'take'>, spread = false): Batcher {
  const filled: Batch[] = [];
  const waiting: QueuedRange[] = [];
  let lastTicket = 0;
  let usPerFrame = GUESS_US;
  let isMeasured = false;

  function open(): Batch | undefined {
    const slot = free.take();
    if (slot === undefined) return undefined;
    lastTicket = (lastTicket + 1) & 0x7fff_ffff;
    const batch: Batch = { slot, ticket: lastTicket, ranges: [], frames: 0, inputEnd: 0, cancelled: 0 };
    filled.push(batch);
    return batch;
  }

  /** The highest number of requests in a batch, by their measured time. */
  function limit(): number {
    if (spread && !isMeasured) return 1;
    return Math.max(1, Math.min(MAX_FRAMES, Math.floor(TARGET_US / usPerFrame)));
  }

  /** Fills the last batch and new batches, as far as slots are free; returns the rest. */
  function fill(range: FrameRange, bytes: Buffer): QueuedRange | undefined {
    let { first, count } = range;
    let offset = 0;
    const maxFrames = limit();
    while (count > 0) {
      const last = filled.at(-1);
      const batch = last !== undefined && last.frames < maxFrames ? last : open();
      if (batch === undefined) break;
      const room = { frames: maxFrames - batch.frames, bytes: INPUT_BYTES - batch.inputEnd };
      const part =
        count <= room.frames && bytes.length - offset <= room.bytes
          ? { frames: count, end: bytes.length }
          : spanOf(bytes, offset, Math.min(count, room.frames), room.bytes);
      if (part.frames === 0) {
        if (batch.frames === 0) throw new RangeError('a request is longer than a slot');
        if (open() === undefined) break;
        continue;
      }
      bytes.copy(batch.slot.input, batch.inputEnd, offset, part.end);
      batch.ranges.push({ ...range, first, count: part.frames });
      batch.frames += part.frames;
      batch.inputEnd += part.end - offset;
      offset = part.end;
      first += part.frames;
      count -= part.frames;
    }
    return count === 0 ? undefined : { range: { ...range, first, count }, bytes: bytes.subarray(offset) };
  }

  /** Moves waiting ranges into free slots. */
  function advance(): void {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const rest = fill(next.range, next.bytes);
      if (rest === undefined) continue;
      waiting.unshift(rest);
      return;
    }
  }

  return {
    add(range, bytes) {
      const rest = waiting.length === 0 ? fill(range, bytes) : { range, bytes };
      if (rest !== undefined) waiting.push({ range: rest.range, bytes: Buffer.from(rest.bytes) });
    },
    putBack(ranges, bytes) {
      let offset = 0;
      const back = ranges.map((range) => {
        const { end } = spanOf(bytes, offset, range.count);
        const own = Buffer.from(bytes.subarray(offset, end));
        offset = end;
        return { range, bytes: own };
      });
      waiting.unshift(...back);
    },
    take() {
      if (filled.length === 0) advance();
      const batch = filled.shift();
      if (batch === undefined) return undefined;
      const { slot, frames, ticket } = batch;
      slot.states.fill(PENDING, 0, frames);
      batch.cancelled = markCancelled(batch);
      slot.ticket = ticket;
      slot.thread = 0;
      slot.kind = KIND_UNKNOWN;
      offer(slot.control, frames);
      return batch;
    },
    visit(isSelected, visitor) {
      for (const { ranges, slot } of filled) visitRanges(ranges, slot.input, isSelected, visitor);
      for (const { range, bytes } of waiting) visitRanges([range], bytes, isSelected, visitor);
    },
    forgetCancelled() {
      const rest = waiting.filter(({ range }) => !isCancelled(range));
      waiting.splice(0, waiting.length, ...rest);
    },
    get frames() {
      let frames = 0;
      for (const batch of filled) frames += batch.frames;
      for (const { range } of waiting) frames += range.count;
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

/** Marks the requests in the slot that were settled while they waited; returns how many they are. */
function markCancelled({ ranges, slot }: Batch): number {
  let base = 0;
  let cancelled = 0;
  for (const { group, first, count } of ranges) {
    for (const position of group.cancelled ?? []) {
      if (position < first || position >= first + count) continue;
      slot.states[base + position - first] = CANCELLED;
      cancelled += 1;
    }
    base += count;
  }
  return cancelled;
}

function visitRanges(
  ranges: readonly FrameRange[],
  bytes: Buffer,
  isSelected: Selector,
  visitor: (request: WaitingRequest) => void,
): void {
  if (!ranges.some(({ replyQueue, group }) => isSelected(replyQueue, group))) return;
  const frames = new FrameWalk(bytes);
  for (const { replyQueue, group, first, count } of ranges) {
    const mustVisit = isSelected(replyQueue, group);
    for (let position = first; position < first + count; position += 1) {
      frames.next();
      if (mustVisit) visitor(new WaitingRequest(replyQueue, group, position, frames.payload));
    }
  }
}
