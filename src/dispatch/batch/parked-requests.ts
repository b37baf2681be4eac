/**
 * Requests that must not start now: their client does not read its replies, or too many replies of its connection wait
 * for their turn. They keep their order, and take no slot from others.
 */
import type { FrameRange } from '../connection/frame-range.ts';
import type { ReplyQueue } from '../connection/reply-queue.ts';
import type { QueuedRange } from './queued-range.ts';

export type ParkedRequests = {
  /** How many requests there are. */
  readonly frames: number;
  add(queued: QueuedRange): void;
  /** How many requests of a connection there are. */
  waitingOf(replyQueue: ReplyQueue): number;
  /** Removes the requests of a connection, or of all, that may start now, and returns them in order. */
  takeStartable(replyQueue: ReplyQueue | undefined): QueuedRange[];
};

export function isStalled({ replyQueue, group, first }: FrameRange): boolean {
  return replyQueue.isStalled(group, first);
}

export function createParkedRequests(): ParkedRequests {
  const parked = new Map<ReplyQueue, QueuedRange[]>();

  return {
    get frames() {
      let frames = 0;
      for (const queued of parked.values()) for (const { left } of queued) frames += left;
      return frames;
    },
    add(queued) {
      const { replyQueue } = queued.range;
      const others = parked.get(replyQueue);
      if (others === undefined) parked.set(replyQueue, [queued]);
      else others.push(queued);
    },
    waitingOf(replyQueue) {
      let waiting = 0;
      for (const { left } of parked.get(replyQueue) ?? []) waiting += left;
      return waiting;
    },
    takeStartable(replyQueue) {
      if (parked.size === 0) return [];
      const startable: QueuedRange[] = [];
      for (const each of replyQueue === undefined ? [...parked.keys()] : [replyQueue]) {
        const queued = parked.get(each);
        if (queued === undefined) continue;
        // Any of them may be the one whose turn it is: a thread that exits gives requests back late.
        const stalled = queued.filter(({ range, left }) => left > 0 && isStalled(range));
        if (stalled.length === queued.length) continue;
        startable.push(...queued.filter((one) => one.left > 0 && !stalled.includes(one)));
        if (stalled.length === 0) parked.delete(each);
        else parked.set(each, stalled);
      }
      return startable;
    },
  };
}
