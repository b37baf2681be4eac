/**
 * Extra places: while all threads have as many open requests as they may have, and wait, each connection without a running
 * request gets one more place.
 */
import type { Pool } from '../pool/contract.ts';
import type { Batch } from './batch/batch.ts';
import type { Batcher } from './batch/batcher.ts';
import type { ReplyQueue } from './connection/reply-queue.ts';
import type { LongRequest } from './long/long-request.ts';
import type { LongRequests } from './long/long-requests.ts';

export type ExtraPlacesOptions = {
  pool: Pick<Pool, 'hasExtraRoom'>;
  batcher: Pick<Batcher, 'takeExtra' | 'waitingOf'>;
  long: Pick<LongRequests, 'waiting' | 'runExtra'>;
  /** Where requests wait for a place of their method. */
  gate: { waitingOf(replyQueue: ReplyQueue): number };
  dispatch: (batch: Batch) => void;
};

/** Hands such requests to threads. To be called when no thread has room. */
export function fillExtraPlaces({ pool, batcher, long, gate, dispatch }: ExtraPlacesOptions): void {
  if (!pool.hasExtraRoom()) return;
  const longWaiting = countByConnection(long.waiting());
  while (pool.hasExtraRoom()) {
    const batch = batcher.takeExtra((replyQueue) => (longWaiting.get(replyQueue) ?? 0) + gate.waitingOf(replyQueue));
    if (batch === undefined) break;
    dispatch(batch);
  }
  if (longWaiting.size === 0) return;
  const firsts = new Map<ReplyQueue, LongRequest>();
  for (const request of long.waiting()) {
    const { replyQueue, group } = request;
    if (firsts.has(replyQueue) || replyQueue.isStalled(group, 0)) continue;
    const waitingElsewhere = batcher.waitingOf(replyQueue) + gate.waitingOf(replyQueue);
    const running = replyQueue.requests - (longWaiting.get(replyQueue) ?? 0) - waitingElsewhere;
    if (running <= 0) firsts.set(replyQueue, request);
  }
  for (const request of firsts.values()) if (pool.hasExtraRoom()) long.runExtra(request);
}

function countByConnection(requests: Iterable<LongRequest>): Map<ReplyQueue, number> {
  const counts = new Map<ReplyQueue, number>();
  for (const { replyQueue } of requests) counts.set(replyQueue, (counts.get(replyQueue) ?? 0) + 1);
  return counts;
}
