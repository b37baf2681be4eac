/** When requests are overdue: by the deadline that they carry, or by the agent's own limits. */
import { LaunchpoolError, type PlainError, toPlain } from '../../../wire/errors.ts';
import type { Times } from '../connection/open-request.ts';
import type { QueuedFrames } from '../connection/queued-frames.ts';
import type { RequestGroup } from '../connection/request-group.ts';
import { DueHeap } from './due-heap.ts';
import type { StartedRequests } from './started-requests.ts';

/** Each in milliseconds; 0 means no limit. */
export type TimeLimits = { queueTimeoutMs: number; runTimeoutMs: number };

/** What has a deadline: requests that wait, requests that were put into batches, requests that have started. */
export type Watched = QueuedFrames | RequestGroup | StartedRequests;

/** All times are on the clock of `performance`. */
export type Deadlines = {
  /** Whether a request that has not started is overdue. */
  isOverdueQueued(times: Times, now: number): boolean;
  /** Whether a request that started then is overdue. */
  isOverdueRunning(times: Times, startedAt: number, now: number): boolean;
  /** Watches requests from now on, if they have a deadline; returns whether they have. */
  watch(item: Watched): boolean;
  /** Whether the time that requests run has a limit. */
  readonly limitsRuns: boolean;
  /** Calls `check` for what may be overdue, and only for that. @param check returns when to check it again, or Infinity. */
  check(now: number, check: (item: Watched) => number): void;
  /** Every request has an outcome. */
  clear(): void;
  /** How much is watched. */
  readonly watched: number;
};

export function createDeadlines({ queueTimeoutMs, runTimeoutMs }: TimeLimits): Deadlines {
  const heap = new DueHeap<Watched>();

  /** By when a check is necessary. */
  function checkTimeOf(item: Watched): number {
    if ('startedAt' in item) return runTimeoutMs > 0 ? item.startedAt + runTimeoutMs : Number.POSITIVE_INFINITY;
    return queueTimeoutMs > 0 ? Math.min(item.dueAt, item.arrivedAt + queueTimeoutMs) : item.dueAt;
  }

  function watch(item: Watched, checkAt: number): boolean {
    if (checkAt === Number.POSITIVE_INFINITY) return false;
    item.checkAt = checkAt;
    heap.add(item);
    return true;
  }

  return {
    isOverdueQueued: ({ arrivedAt, dueAt }, now) =>
      now >= dueAt || (queueTimeoutMs > 0 && now >= arrivedAt + queueTimeoutMs),
    isOverdueRunning: ({ dueAt }, startedAt, now) =>
      now >= dueAt || (runTimeoutMs > 0 && now >= startedAt + runTimeoutMs),
    watch: (item) => watch(item, checkTimeOf(item)),
    limitsRuns: runTimeoutMs > 0,
    check(now, check) {
      for (let item = heap.takeDue(now); item !== undefined; item = heap.takeDue(now)) {
        if (!item.isOver) watch(item, check(item));
      }
    },
    clear: () => heap.clear(),
    get watched() {
      return heap.size;
    },
  };
}

export function queueTimeoutError({ arrivedAt }: Times, now: number): PlainError {
  const message = `the request waited for ${Math.round(now - arrivedAt)} ms and did not start`;
  const hint = 'The agent has not run it: call again.';
  return toPlain(new LaunchpoolError('ERR_LAUNCHPOOL_QUEUE_TIMEOUT', message, { hint }));
}

export function runTimeoutError(startedAt: number, now: number): PlainError {
  const message = `the request was still running after ${Math.round(now - startedAt)} ms`;
  const hint = 'Raise its timeout, or let its handler do less.';
  return toPlain(new LaunchpoolError('ERR_LAUNCHPOOL_RUN_TIMEOUT', message, { hint }));
}
