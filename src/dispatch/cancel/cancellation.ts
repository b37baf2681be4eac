/**
 * Settles requests early: their caller cancelled them or disconnected, or their time is over. A waiting request does not
 * start any more; a running one is aborted, and its thread replaced after the grace period.
 */
import { LaunchpoolError, type PlainError, toPlain } from '../../../wire/errors.ts';
import { scanIds } from '../../../wire/id-scan.ts';
import type { IdText } from '../../../wire/id-text.ts';
import type { Pool } from '../../pool/pool.ts';
import { errorsFor, isAwaited } from '../connection/error-replies.ts';
import type { Times } from '../connection/reply-queue.ts';
import type { RequestQueue } from '../connection/request-queue.ts';
import { createDeadlines, queueTimeoutError, runTimeoutError, type TimeLimits } from './deadlines.ts';
import { createGracePeriods } from './grace-period.ts';
import { createOpenRequests, type OpenRequest, type RequestSource } from './open-requests.ts';

/** Between two checks for requests whose time is over, in milliseconds. */
const CHECK_MS = 10;

export type CancellationOptions = TimeLimits & {
  pool: Pick<Pool, 'cancel' | 'replace'>;
  /** Where requests without an outcome are. */
  sources: readonly RequestSource[];
  /** Notes which requests have started by now, so that their run time is known. */
  observeStarts: (now: number) => void;
  /** The request queues in which requests wait. */
  waiting: ReadonlySet<RequestQueue>;
  /** How many requests have no outcome yet. */
  pending: () => number;
  isRaw: () => boolean;
  /** Whether the module's kind is known: the form of an error reply depends on it. */
  knowsKind: () => boolean;
  /** How long an aborted handler may go on, in milliseconds. */
  cancelGraceMs: number;
};

export type Cancellation = {
  /** Cancels the request of this connection with this id, unless it is answered or part of a JSON-RPC batch. */
  cancel(requestQueue: RequestQueue, id: IdText): void;
  /** The client has disconnected: cancels every request whose reply it would have read. */
  cancelAll(requestQueue: RequestQueue): void;
  /** Aborts every running request. Settles none. */
  abortAll(reason: LaunchpoolError): void;
  /** Starts the timer that checks deadlines and grace periods; it stops when nothing is left to check. */
  startTimer(): void;
  stop(): void;
  readonly counts: Readonly<Record<'cancelled' | 'queueTimeouts' | 'runTimeouts' | 'abandoned', number>>;
};

export function createCancellation(options: CancellationOptions): Cancellation {
  const { pool, sources, observeStarts, waiting, pending, isRaw, knowsKind } = options;
  const counts = { cancelled: 0, queueTimeouts: 0, runTimeouts: 0, abandoned: 0 };
  const gracePeriods = createGracePeriods(pool, options.cancelGraceMs);
  const deadlines = createDeadlines(options);
  const openRequests = createOpenRequests(sources);
  let timer: NodeJS.Timeout | undefined;

  /**
   * Settles a request with an error, whatever becomes of it on its thread.
   * @param errorOf receives whether the request may have started: only a request that did not can safely be retried.
   */
  function settleEarly(request: OpenRequest, errorOf: (mayHaveStarted: boolean) => PlainError): void {
    const { replyQueue, group, position, payload } = request;
    const mayHaveStarted = request.skip();
    const error = errorOf(mayHaveStarted);
    // The payload may be in free memory by now; nothing uses that again before this function returns.
    const { reply, failure } = replyQueue.abandoned ? {} : isRaw() ? { failure: error } : errorsFor(payload, error);
    if (mayHaveStarted) abort(request, error);
    replyQueue.settleEarly(group, position, { frames: reply, failure });
  }

  function abort(request: OpenRequest, error: PlainError): void {
    gracePeriods.start(request.running(), error);
    startTimer();
  }

  function startTimer(): void {
    timer ??= setInterval(check, CHECK_MS);
  }

  function stop(): void {
    clearInterval(timer);
    timer = undefined;
  }

  function check(): void {
    const now = performance.now();
    gracePeriods.check(now);
    if (knowsKind()) settleOverdue(now);
    if (pending() === 0 && !gracePeriods.areRunning) stop();
  }

  function settleOverdue(now: number): void {
    observeStarts(now);
    openRequests.visit(
      (_replyQueue, group) =>
        deadlines.isOverdueQueued(group, now) || deadlines.isOverdueRunning(group, group.arrivedAt, now),
      () => true,
      (request) => settleIfOverdue(request, now),
    );
    for (const requestQueue of waiting) {
      requestQueue.refuseWaiting((_payload, times) =>
        deadlines.isOverdueQueued(times, now) ? queueTimeout(times, now) : undefined,
      );
    }
  }

  function settleIfOverdue(request: OpenRequest, now: number): void {
    const { group, startedAt } = request;
    if (startedAt !== undefined) {
      if (deadlines.isOverdueRunning(group, startedAt, now)) settleEarly(request, () => runTimeout(startedAt, now));
    } else if (deadlines.isOverdueQueued(group, now) && !request.hasStarted()) {
      // A request may start between this check and its settlement.
      settleEarly(request, (hasStarted) => (hasStarted ? runTimeout(group.arrivedAt, now) : queueTimeout(group, now)));
    }
  }

  function queueTimeout(times: Times, now: number): PlainError {
    counts.queueTimeouts += 1;
    return queueTimeoutError(times, now);
  }

  function runTimeout(startedAt: number, now: number): PlainError {
    counts.runTimeouts += 1;
    return runTimeoutError(startedAt, now);
  }

  return {
    cancel(requestQueue, id) {
      const error = cancelled('the caller cancelled the request');
      let isFound = false;
      const matches = (payload: Buffer): boolean => {
        // A search for the id's text costs much less than a scan for ids.
        if (isFound || !payload.includes(id)) return false;
        const { batch, ids } = scanIds(payload);
        if (batch || ids[0] !== id) return false;
        isFound = true;
        counts.cancelled += 1;
        return true;
      };
      openRequests.visit(
        (replyQueue) => replyQueue === requestQueue.replyQueue,
        matches,
        (request) => settleEarly(request, () => error),
      );
      if (!isFound) requestQueue.refuseWaiting((payload) => (matches(payload) ? error : undefined));
    },
    cancelAll(requestQueue) {
      const error = cancelled('the caller disconnected');
      // Notifications have no reply to lose: they still run.
      const isAbandoned = (payload: Buffer): boolean => {
        if (!isRaw() && !isAwaited(payload)) return false;
        counts.abandoned += 1;
        return true;
      };
      openRequests.visit(
        (replyQueue) => replyQueue === requestQueue.replyQueue,
        isAbandoned,
        (request) => settleEarly(request, () => error),
      );
      requestQueue.refuseWaiting((payload) => (isAbandoned(payload) ? error : undefined));
    },
    abortAll(reason) {
      const error = toPlain(reason);
      openRequests.visit(
        () => true,
        () => true,
        (request) => {
          if (request.startedAt !== undefined && request.skip()) abort(request, error);
        },
      );
    },
    startTimer,
    stop,
    counts,
  };
}

function cancelled(message: string): PlainError {
  return toPlain(new LaunchpoolError('ERR_LAUNCHPOOL_CANCELLED', message));
}
