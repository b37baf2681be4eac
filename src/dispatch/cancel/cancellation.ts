/**
 * Settles requests early: their caller cancelled them or disconnected, or their time is over. A waiting request does not
 * start any more; a running one is aborted, and its thread replaced after the grace period.
 */
import { type ErrorCode, LaunchpoolError, type PlainError, toPlain } from '../../../wire/errors.ts';
import { scanIds } from '../../../wire/id-scan.ts';
import type { IdText } from '../../../wire/id-text.ts';
import type { Pool } from '../../pool/pool.ts';
import { errorsFor, isAwaited } from '../connection/error-replies.ts';
import type { Times } from '../connection/reply-queue.ts';
import type { RequestQueue } from '../connection/request-queue.ts';
import { createGracePeriods } from './grace-period.ts';
import { createOpenRequests, type OpenRequest, type RequestSource } from './open-requests.ts';

/** Between two checks for requests whose time is over, in milliseconds. */
const CHECK_MS = 10;

export type CancellationOptions = {
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
  /** Each in milliseconds; 0 means no limit. */
  queueTimeoutMs: number;
  runTimeoutMs: number;
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
  const { queueTimeoutMs, runTimeoutMs, cancelGraceMs } = options;
  const counts = { cancelled: 0, queueTimeouts: 0, runTimeouts: 0, abandoned: 0 };
  const gracePeriods = createGracePeriods(pool, cancelGraceMs);
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
    const isOverdue = overdueAt(now);
    observeStarts(now);
    openRequests.visit(
      (_replyQueue, group) => isOverdue.queued(group) || isOverdue.running(group, group.arrivedAt),
      () => true,
      (request) => {
        const { group, startedAt } = request;
        if (startedAt !== undefined) {
          if (isOverdue.running(group, startedAt)) settleEarly(request, () => runTimeout(now, startedAt));
        } else if (isOverdue.queued(group) && !request.hasStarted()) {
          // A request may start between this check and its settlement.
          settleEarly(request, (hasStarted) =>
            hasStarted ? runTimeout(now, group.arrivedAt) : queueTimeout(now, group),
          );
        }
      },
    );
    for (const requestQueue of waiting) {
      requestQueue.refuseWaiting((_payload, times) => (isOverdue.queued(times) ? queueTimeout(now, times) : undefined));
    }
  }

  /** Which requests are overdue: by the deadline that they carry, or by the agent's own limits. */
  function overdueAt(now: number): {
    queued: (times: Times) => boolean;
    running: (times: Times, startedAt: number) => boolean;
  } {
    return {
      queued: ({ arrivedAt, dueAt }) => now >= dueAt || (queueTimeoutMs > 0 && now >= arrivedAt + queueTimeoutMs),
      running: ({ dueAt }, startedAt) => now >= dueAt || (runTimeoutMs > 0 && now >= startedAt + runTimeoutMs),
    };
  }

  function queueTimeout(now: number, { arrivedAt }: Times): PlainError {
    counts.queueTimeouts += 1;
    return plain(
      'ERR_LAUNCHPOOL_QUEUE_TIMEOUT',
      `the request waited for ${Math.round(now - arrivedAt)} ms and did not start`,
      'The agent has not run it: call again.',
    );
  }

  function runTimeout(now: number, startedAt: number): PlainError {
    counts.runTimeouts += 1;
    return plain(
      'ERR_LAUNCHPOOL_RUN_TIMEOUT',
      `the request was still running after ${Math.round(now - startedAt)} ms`,
      'Raise its timeout, or let its handler do less.',
    );
  }

  return {
    cancel(requestQueue, id) {
      const error = plain('ERR_LAUNCHPOOL_CANCELLED', 'the caller cancelled the request');
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
      const error = plain('ERR_LAUNCHPOOL_CANCELLED', 'the caller disconnected');
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

function plain(code: ErrorCode, message: string, hint?: string): PlainError {
  return toPlain(new LaunchpoolError(code, message, { hint }));
}
