/** Aborts running requests; replaces the thread of a request that has no outcome after the grace period. */
import { LaunchpoolError, type PlainError } from '../../../wire/errors.ts';
import type { Pool } from '../../pool/pool.ts';
import { abortMessage, type RunningRequest } from './open-requests.ts';

export type GracePeriods = {
  /** Fires the signal of a running request, with this error as its reason, and starts its grace period. */
  start(request: RunningRequest, error: PlainError): void;
  /** Replaces the threads of requests whose grace period is over; `now` is on the clock of `performance`. */
  check(now: number): void;
  readonly areRunning: boolean;
};

type GracePeriod = { request: RunningRequest; until: number };

/** @param graceMs how long a handler may go on after its signal has fired, in milliseconds. */
export function createGracePeriods(pool: Pick<Pool, 'cancel' | 'replace'>, graceMs: number): GracePeriods {
  let periods: GracePeriod[] = [];

  return {
    start(request, error) {
      pool.cancel(request.thread, abortMessage(request, error));
      periods.push({ request, until: performance.now() + graceMs });
    },
    check(now) {
      const open = periods.filter(({ request }) => request.isOpen());
      const overdue = new Set(open.filter(({ until }) => now >= until).map(({ request }) => request.thread));
      periods = open.filter(({ request }) => !overdue.has(request.thread));
      const reason = new LaunchpoolError(
        'ERR_LAUNCHPOOL_THREAD_EXITED',
        'the worker thread was replaced: another request on it went on after its cancellation',
        { hint: 'A handler that heeds requestSignal() keeps its thread.' },
      );
      for (const thread of overdue) pool.replace(thread, reason);
    },
    get areRunning() {
      return periods.length > 0;
    },
  };
}
