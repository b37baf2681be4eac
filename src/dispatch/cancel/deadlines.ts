/** When requests are overdue: by the deadline that they carry, or by the agent's own limits. */
import { LaunchpoolError, type PlainError, toPlain } from '../../../wire/errors.ts';
import type { Times } from '../connection/reply-queue.ts';

/** Each in milliseconds; 0 means no limit. */
export type TimeLimits = { queueTimeoutMs: number; runTimeoutMs: number };

/** All times are on the clock of `performance`. */
export type Deadlines = {
  /** Whether a request that has not started is overdue. */
  isOverdueQueued(times: Times, now: number): boolean;
  /** Whether a request that started then is overdue. */
  isOverdueRunning(times: Times, startedAt: number, now: number): boolean;
};

export function createDeadlines({ queueTimeoutMs, runTimeoutMs }: TimeLimits): Deadlines {
  return {
    isOverdueQueued: ({ arrivedAt, dueAt }, now) =>
      now >= dueAt || (queueTimeoutMs > 0 && now >= arrivedAt + queueTimeoutMs),
    isOverdueRunning: ({ dueAt }, startedAt, now) =>
      now >= dueAt || (runTimeoutMs > 0 && now >= startedAt + runTimeoutMs),
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
