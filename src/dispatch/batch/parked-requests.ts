/**
 * Requests that must not start now: their client does not read its replies, or too many replies of its connection wait
 * for their turn. They keep their order, and take no slot from others.
 */
import type { FrameRange } from '../connection/frame-range.ts';
import type { ReplyQueue } from '../connection/reply-queue.ts';
import { Deque } from '../deque.ts';
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

function isBefore({ range: one }: QueuedRange, { range: other }: QueuedRange): boolean {
  return one.group === other.group ? one.first < other.first : one.group.order < other.group.order;
}

/** For a request that comes late, since the thread that had it has exited. */
function insert(queue: Deque<QueuedRange>, queued: QueuedRange): void {
  const after: QueuedRange[] = [];
  const before: QueuedRange[] = [];
  for (const each of queue) (isBefore(each, queued) ? before : after).push(each);
  queue.clear();
  for (const each of [...before, queued, ...after]) queue.push(each);
}

/** @param restart takes a request whose method has a limit when it may start again: until then, its place is for others. */
export function createParkedRequests(restart: (queued: QueuedRange) => void): ParkedRequests {
  /** By connection, in the order of its requests: if the first may not start, no other one may. */
  const parked = new Map<ReplyQueue, Deque<QueuedRange>>();

  return {
    get frames() {
      let frames = 0;
      for (const queued of parked.values()) for (const { left } of queued) frames += left;
      return frames;
    },
    add(queued) {
      const { replyQueue, group } = queued.range;
      if (group.limited !== undefined) {
        group.limited.giveBack(() => restart(queued));
        return;
      }
      let others = parked.get(replyQueue);
      if (others === undefined) {
        others = new Deque();
        parked.set(replyQueue, others);
      }
      const { last } = others;
      if (last === undefined || isBefore(last, queued)) others.push(queued);
      else insert(others, queued);
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
        for (let first = queued.first; first !== undefined; first = queued.first) {
          if (first.left > 0) {
            if (isStalled(first.range)) break;
            startable.push(first);
          }
          queued.shift();
        }
        if (queued.length === 0) parked.delete(each);
      }
      return startable;
    },
  };
}
