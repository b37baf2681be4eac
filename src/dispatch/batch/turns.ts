/**
 * Requests that wait while every thread has as many open requests as it may have. They wait by their connections, which
 * take turns: the requests of one do not stand before those of another. A connection of which no request runs gets an extra
 * place on a thread that is full.
 */
import { spanOf } from '../../../wire/frame-walk.ts';
import { INPUT_BYTES, OUTPUT_BYTES } from '../../../workers/slot.ts';
import type { ReplyQueue } from '../connection/reply-queue.ts';
import { Deque } from '../deque.ts';
import type { Batch } from './batch.ts';
import { isStalled } from './parked-requests.ts';
import type { QueuedRange } from './queued-range.ts';

/** Up to this number of ranges, the empty ones of a connection stay among the others. */
const MIN_LIMIT = 32;

/** The waiting requests of one connection. */
class Line {
  readonly replyQueue: ReplyQueue;
  readonly #ranges = new Deque<QueuedRange>();
  /** How many requests wait; too high while cancelled ones are among them. */
  waiting = 0;
  #limit = MIN_LIMIT;

  constructor(replyQueue: ReplyQueue) {
    this.replyQueue = replyQueue;
  }

  /** @param isFirst whether the requests go before the others. */
  add(queued: QueuedRange, isFirst: boolean): void {
    if (this.#ranges.length >= this.#limit) this.#removeEmpty();
    this.waiting += queued.left;
    if (isFirst) this.#ranges.unshift(queued);
    else this.#ranges.push(queued);
  }

  /** Whether none of the requests that are open runs. @param elsewhere how many wait in another place. */
  isIdle(elsewhere: number): boolean {
    const { requests } = this.replyQueue;
    if (this.waiting + elsewhere < requests) return false;
    this.#removeEmpty();
    return this.waiting + elsewhere >= requests;
  }

  /**
   * Moves the first requests into a batch: at most `count`, as far as there is room, also for their replies.
   * @param park takes requests that must not start now.
   * @returns whether any is left.
   */
  moveTo(batch: Batch, count: number, park: (queued: QueuedRange) => void): boolean {
    let frames = Math.min(count, batch.replyRoom(this.replyQueue));
    for (let next = this.#ranges.first; next !== undefined; next = this.#ranges.first) {
      const { range, bytes, left } = next;
      if (left > 0 && isStalled(range)) {
        this.waiting -= left;
        park(next);
      } else if (left > 0) {
        if (frames <= 0) return true;
        const { first } = range;
        const span = spanOf(bytes, 0, Math.min(frames, range.count), INPUT_BYTES - batch.inputEnd);
        if (span.frames === 0) return true;
        if (span.frames === range.count) batch.add(range, bytes, 0, span.end);
        else {
          batch.add(range.takeFirst(span.frames), bytes, 0, span.end);
          next.shorten(first, bytes.subarray(span.end));
        }
        frames -= span.frames;
        this.waiting -= range.holder === next ? left - next.left : left;
        if (range.holder === next && next.left > 0) continue;
      }
      this.#ranges.shift();
    }
    this.waiting = 0;
    return false;
  }

  #removeEmpty(): void {
    let waiting = 0;
    this.#ranges.keep(({ left }) => {
      waiting += left;
      return left > 0;
    });
    this.waiting = waiting;
    this.#limit = Math.max(MIN_LIMIT, 2 * this.#ranges.length);
  }
}

export class Turns {
  readonly #park: (queued: QueuedRange) => void;
  /** The next one is the first. */
  readonly #lines = new Map<ReplyQueue, Line>();

  /** @param park takes requests that must not start now: see parked-requests.ts. */
  constructor(park: (queued: QueuedRange) => void) {
    this.#park = park;
  }

  get isEmpty(): boolean {
    return this.#lines.size === 0;
  }

  /** How many requests wait; cancelled ones may be among them. */
  get frames(): number {
    let frames = 0;
    for (const { waiting } of this.#lines.values()) frames += waiting;
    return frames;
  }

  waitingOf(replyQueue: ReplyQueue): number {
    return this.#lines.get(replyQueue)?.waiting ?? 0;
  }

  /** @param isFirst whether the requests go before the others of their connection. */
  add(queued: QueuedRange, isFirst = false): void {
    const { replyQueue } = queued.range;
    let line = this.#lines.get(replyQueue);
    if (line === undefined) {
      line = new Line(replyQueue);
      this.#lines.set(replyQueue, line);
    }
    line.add(queued, isFirst);
  }

  /** Fills a batch with requests of all connections, as equally as possible. */
  fill(batch: Batch, maxFrames: number): void {
    const share = Math.max(1, Math.floor(maxFrames / Math.max(1, this.#lines.size)));
    for (const line of [...this.#lines.values()]) {
      if (batch.frames >= maxFrames || batch.replyBytes >= OUTPUT_BYTES) return;
      const before = batch.frames;
      this.#move(line, batch, Math.min(share, maxFrames - before));
    }
  }

  /** Fills a batch with one request of each connection of which none runs. */
  fillExtra(batch: Batch, maxFrames: number, elsewhere: (replyQueue: ReplyQueue) => number): void {
    for (const line of [...this.#lines.values()]) {
      if (batch.frames >= maxFrames) return;
      if (line.isIdle(elsewhere(line.replyQueue))) this.#move(line, batch, 1);
    }
  }

  #move(line: Line, batch: Batch, count: number): void {
    this.#lines.delete(line.replyQueue);
    if (line.moveTo(batch, count, this.#park)) this.#lines.set(line.replyQueue, line);
  }
}
