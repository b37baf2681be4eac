/** Gathers requests into batches: as small as one when the agent is quiet, as large as is worth while. */
import { payloadLength, payloadStart } from '../../../wire/frame.ts';
import { offer } from '../../../workers/control-word.ts';
import { CANCELLED, INPUT_BYTES, KIND_UNKNOWN, MAX_FRAMES, PENDING, type Slot } from '../../../workers/slot.ts';
import type { ReplyQueue, RequestGroup } from '../connection/reply-queue.ts';
import type { SlotPool } from './slot-pool.ts';

/** A batch should keep a thread busy for about so long: long enough to be worth a hand-over, short enough to share. */
const AIM_US = 1000;
/** How much a new measurement of the time per request counts against all before it. */
const WEIGHT = 0.2;
/** What a measurement cannot be less than. */
const MIN_US = 0.01;
/** What a request is taken to cost before any has been measured. */
const GUESS_US = 20;

/** Some consecutive requests of a segment. */
export type FrameRange = {
  replyQueue: ReplyQueue;
  group: RequestGroup;
  first: number;
  count: number;
  /** How many threads have died before they began the batch it was in. */
  deaths?: number;
};

export type Batch = {
  slot: Slot;
  ticket: number;
  ranges: FrameRange[];
  frames: number;
  inputEnd: number;
  /** How many of the frames are not to be begun. */
  cancelled: number;
};

/** A request that no worker has been given yet. */
export type QueuedRequest = {
  range: FrameRange;
  /** In the segment. */
  position: number;
  payload: Buffer;
};

/** Requests that have found no slot yet, in memory of their own. */
type QueuedRange = { range: FrameRange; bytes: Buffer };

export type Batcher = {
  /** Takes requests, still framed; the bytes are not kept. */
  add(range: FrameRange, bytes: Buffer): void;
  /** Takes requests again that came to nothing. They go before all others that wait for a slot. */
  putBack(ranges: readonly FrameRange[], bytes: Buffer): void;
  /** The next batch, ready to be handed to a worker; undefined when there is none, or no slot for it. */
  take(): Batch | undefined;
  /** Visits the requests that have not been taken yet, of the pieces that are asked for. */
  visit(wants: (range: FrameRange) => boolean, visitor: (request: QueuedRequest) => void): void;
  /** Gives the memory of those free that wait for a slot and that nobody wants any more. */
  forgetCancelled(): void;
  /** How many requests have not been taken. */
  readonly frames: number;
  /** How long a worker takes for so many requests, in microseconds, as far as is known. */
  expectedUs(frames: number): number;
  /** Learns what requests have cost on a worker, in microseconds. */
  learn(us: number, frames: number): void;
};

/**
 * @param spread whether requests go by themselves as long as it is not known what they cost, so that the first ones
 *   start as many threads as there may be, all at once.
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

  /** How many requests a batch may have by what they cost. */
  function limit(): number {
    if (spread && !isMeasured) return 1;
    return Math.max(1, Math.min(MAX_FRAMES, Math.floor(AIM_US / usPerFrame)));
  }

  /** Puts as much as there is room for into the last batch and new ones; returns what is left over. */
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
          : fitting(bytes, offset, count, room.frames, room.bytes);
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

  /** Moves what waits into the slots that have become free. */
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
        const { end } = fitting(bytes, offset, range.count, range.count, Number.POSITIVE_INFINITY);
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
    visit(wants, visitor) {
      for (const { ranges, slot } of filled) visitRanges(ranges, slot.input, wants, visitor);
      for (const { range, bytes } of waiting) visitRanges([range], bytes, wants, visitor);
    },
    forgetCancelled() {
      const wanted = waiting.filter(({ range }) => !isCancelled(range));
      waiting.splice(0, waiting.length, ...wanted);
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
      // In the logarithm, so that one slow request among many fast ones does not undo what has been learned.
      usPerFrame *= (Math.max(measured, MIN_US) / usPerFrame) ** WEIGHT;
    },
  };
}

/** How many of `count` frames from `offset` on fit, and where they end. */
function fitting(
  bytes: Buffer,
  offset: number,
  count: number,
  maxFrames: number,
  maxBytes: number,
): { frames: number; end: number } {
  let end = offset;
  let frames = 0;
  while (frames < count && frames < maxFrames) {
    const next = payloadStart(bytes, end) + payloadLength(bytes, end);
    if (next - offset > maxBytes) break;
    end = next;
    frames += 1;
  }
  return { frames, end };
}

/** Those that were let go of while they waited are not to be begun; returns how many these are. */
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

/** Whether nobody wants any of it. */
function isCancelled({ group: { cancelled }, first, count }: FrameRange): boolean {
  if (cancelled === undefined || cancelled.size < count) return false;
  for (let position = first; position < first + count; position += 1) if (!cancelled.has(position)) return false;
  return true;
}

function visitRanges(
  ranges: readonly FrameRange[],
  bytes: Buffer,
  wants: (range: FrameRange) => boolean,
  visitor: (request: QueuedRequest) => void,
): void {
  if (!ranges.some(wants)) return;
  let offset = 0;
  for (const range of ranges) {
    const isWanted = wants(range);
    for (let position = range.first; position < range.first + range.count; position += 1) {
      const start = payloadStart(bytes, offset);
      offset = start + payloadLength(bytes, offset);
      if (isWanted) visitor({ range, position, payload: bytes.subarray(start, offset) });
    }
  }
}
