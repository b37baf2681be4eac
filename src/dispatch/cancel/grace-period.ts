/**
 * Aborts running requests. A request that has no outcome after the grace period is orphaned if its thread still turns its
 * event loop: the thread goes on for the others. A thread whose event loop is blocked is replaced.
 *
 * A thread answers a message when its event loop takes it. It answers the cancellation itself, and a probe after the grace
 * period: in between, the handler may start to block it. While it has orphans, there is a probe every few seconds.
 */
import { LaunchpoolError, type PlainError } from '../../../wire/errors.ts';
import type { Pool } from '../../pool/pool.ts';
import { abortMessage, type RunningRequest } from './open-requests.ts';
import { createOrphans } from './orphans.ts';
import { Answer } from './thread-answer.ts';

/**
 * How long a thread may leave a probe unanswered, in milliseconds, if the grace period is not longer: what blocks it may be
 * the handler of another request, whose caller waits for it.
 */
const MAX_ANSWER_MS = 5_000;

export type GracePeriodsOptions = {
  pool: Pick<Pool, 'cancel' | 'probe' | 'replace' | 'addOrphans'>;
  /** How long a handler may go on after its signal has fired, in milliseconds. */
  graceMs: number;
  onOrphaned: () => void;
  /** A thread is to be replaced. `ms` is the time since the signal of this request has fired. */
  onBlocked: (request: RunningRequest, ms: number) => void;
};

export type GracePeriods = {
  /** Fires the signal of a running request, with this error as its reason, and starts its grace period. */
  start(request: RunningRequest, error: PlainError): void;
  /** Decides what becomes of requests whose grace period is over; `now` is on the clock of `performance`. */
  check(now: number): void;
  readonly areRunning: boolean;
  stop(): void;
};

type GracePeriod = { request: RunningRequest; startedAt: number; answer: Answer; isOver: boolean };

export function createGracePeriods({ pool, graceMs, onOrphaned, onBlocked }: GracePeriodsOptions): GracePeriods {
  const maxAnswerMs = Math.max(graceMs, MAX_ANSWER_MS);
  const orphans = createOrphans({ pool, maxAnswerMs, onBlocked: replace });
  let periods: GracePeriod[] = [];

  function replace(request: RunningRequest, startedAt: number, now: number): void {
    const { thread } = request;
    periods = periods.filter((period) => period.request.thread !== thread);
    onBlocked(request, now - startedAt);
    pool.replace(thread, blocked());
  }

  /** @param probes the answers to the probes of this check, one for each thread. */
  function decide(period: GracePeriod, now: number, probes: Map<number, Answer>): void {
    const { request, startedAt, answer } = period;
    if (!answer.has) {
      const waitsMs = period.isOver || request.isLate() ? maxAnswerMs : graceMs;
      if (now >= answer.since + waitsMs) replace(request, startedAt, now);
    } else if (!period.isOver) {
      if (now >= startedAt + graceMs) probe(period, now, probes);
    } else if (request.isLate()) {
      periods.splice(periods.indexOf(period), 1);
      orphans.add(request, startedAt);
      onOrphaned();
    }
  }

  function probe(period: GracePeriod, now: number, probes: Map<number, Answer>): void {
    const { thread } = period.request;
    const answer = probes.get(thread) ?? new Answer(pool.probe(thread), now);
    probes.set(thread, answer);
    period.answer = answer;
    period.isOver = true;
  }

  return {
    start(request, error) {
      const now = performance.now();
      const answer = new Answer(pool.cancel(request.thread, abortMessage(request, error)), now);
      periods.push({ request, startedAt: now, answer, isOver: false });
    },
    check(now) {
      periods = periods.filter(({ request }) => request.isOpen());
      const probes = new Map<number, Answer>();
      // A replaced thread takes its other requests along.
      for (const period of [...periods]) if (period.request.isOpen()) decide(period, now, probes);
    },
    get areRunning() {
      return periods.length > 0;
    },
    stop: orphans.stop,
  };
}

function blocked(): LaunchpoolError {
  return new LaunchpoolError(
    'ERR_LAUNCHPOOL_THREAD_EXITED',
    'the worker thread was replaced: another request on it went on after its cancellation, and blocked its event loop',
    { hint: 'A handler that heeds requestSignal(), or awaits between its steps, keeps its thread.' },
  );
}
