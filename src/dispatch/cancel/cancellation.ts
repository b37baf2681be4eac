/**
 * Settles requests early: their caller cancelled them or disconnected, or their time is over. A waiting request does not
 * start any more; a running one is aborted; after the grace period it is orphaned, or its thread is replaced.
 */
import { scanMethod } from '../../../wire/envelope-scan.ts';
import { LaunchpoolError, type PlainError, toPlain } from '../../../wire/errors.ts';
import type { IdText } from '../../../wire/id-text.ts';
import { contain } from '../connection/containment.ts';
import { canRefuse, errorFor, errorsFor, isAwaited } from '../connection/error-replies.ts';
import { followIds } from '../connection/follow-ids.ts';
import type { Times } from '../connection/open-request.ts';
import { QueuedFrames } from '../connection/queued-frames.ts';
import { RequestGroup } from '../connection/request-group.ts';
import type { RequestQueue } from '../connection/request-queue-options.ts';
import { createDeadlines, queueTimeoutError, runTimeoutError, type TimeLimits, type Watched } from './deadlines.ts';
import { createGracePeriods, type GracePeriodsOptions } from './grace-period.ts';
import { type OpenRequest, openRequestsOf, type RequestSource } from './open-requests.ts';

/** Between two checks for requests whose time is over, in milliseconds. */
const CHECK_MS = 10;

export type CancellationOptions = TimeLimits & {
  pool: GracePeriodsOptions['pool'];
  /** Where requests are that a worker may have started. */
  sources: readonly RequestSource[];
  /** Notes which requests have started by now, so that their run time is known. Calls `onStarted` for them. */
  observeStarts: (now: number, onStarted: (started: Watched) => void) => void;
  /** How many requests have no outcome yet. */
  pending: () => number;
  isRaw: () => boolean;
  /** How long an aborted handler may go on, in milliseconds. */
  cancelGraceMs: number;
  /** A thread is to be replaced because a cancelled request blocks it. */
  onBlocked?: ((blocked: BlockedThread) => void) | undefined;
};

export type BlockedThread = {
  thread: number;
  /** The method of the request that blocks it, if the agent has methods and the request is not a batch. */
  method: string | undefined;
  /** The time since the signal of that request has fired, in milliseconds. */
  ms: number;
  /** How many other requests the thread had started; they fail. */
  others: number;
};

export type Cancellation = {
  /** Cancels the request of this connection with this id, unless it is answered or part of a JSON-RPC batch. */
  cancel(requestQueue: RequestQueue, id: IdText): void;
  /** The client has disconnected: cancels every request whose reply it would have read. */
  cancelAll(requestQueue: RequestQueue): void;
  /**
   * Settles every request with the error, notifications included, unless the agent is raw.
   * @param waiting the queues in which requests wait.
   * @param started all other requests, by connection.
   */
  settleAll(waiting: Iterable<RequestQueue>, started: Iterable<RequestSource>, reason: LaunchpoolError): void;
  /** Aborts every running request. Settles none. */
  abortAll(reason: LaunchpoolError): void;
  /** Settles requests when their time is over. */
  watch(item: Watched): void;
  stop(): void;
  readonly counts: Readonly<Record<'cancelled' | 'queueTimeouts' | 'runTimeouts' | 'abandoned' | 'orphaned', number>>;
};

export function createCancellation(options: CancellationOptions): Cancellation {
  const { pool, sources, observeStarts, pending, isRaw } = options;
  const counts = { cancelled: 0, queueTimeouts: 0, runTimeouts: 0, abandoned: 0, orphaned: 0 };
  const gracePeriods = createGracePeriods({
    pool,
    graceMs: options.cancelGraceMs,
    onOrphaned() {
      counts.orphaned += 1;
    },
    onBlocked(request, ms) {
      const { thread } = request;
      const method = isRaw() ? undefined : scanMethod(request.payload());
      options.onBlocked?.({ thread, method, ms: Math.round(ms), others: startedOn(thread) });
    },
  });
  const deadlines = createDeadlines(options);
  let timer: NodeJS.Timeout | undefined;

  /**
   * Settles a request with an error, whatever becomes of it on its thread.
   * @param errorOf receives whether the request may have started: only a request that did not can safely be retried.
   * @param id the id of the request, if it is known.
   */
  function settleEarly(request: OpenRequest, errorOf: (mayHaveStarted: boolean) => PlainError, id?: IdText): void {
    const { replyQueue } = request;
    const payload = replyQueue.abandoned || isRaw() || id !== undefined ? undefined : request.payload;
    const mayHaveStarted = request.skip();
    const error = errorOf(mayHaveStarted);
    // The payload may be in free memory by now; nothing uses that again before this function returns.
    const { reply, failure } = replyQueue.abandoned
      ? {}
      : id !== undefined
        ? errorFor(id, error)
        : payload === undefined
          ? { failure: error }
          : errorsFor(payload, error);
    if (mayHaveStarted) abort(request, error);
    else request.group.limited?.end();
    request.settleEarly({ frames: reply, failure });
  }

  /** How many requests a thread has started that wait for their outcome. */
  function startedOn(thread: number): number {
    let count = 0;
    for (const source of sources) {
      for (const { startedBy } of openRequestsOf(source)) if (startedBy === thread) count += 1;
    }
    return count;
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
    observeStarts(now, deadlines.watch);
    deadlines.check(now, (item) => settleOverdue(item, now));
    if (pending() === 0) deadlines.clear();
    if (gracePeriods.areRunning || deadlines.watched > 0 || (deadlines.limitsRuns && pending() > 0)) return;
    stop();
  }

  /** Returns when to check again. */
  function settleOverdue(item: Watched, now: number): number {
    if (item instanceof QueuedFrames) {
      contain(item.queue.replyQueue, () => {
        item.queue.refuseIn(item, (payload) => (mayExpire(item, payload, now) ? queueTimeout(item, now) : undefined));
      });
      return item.dueAt > now ? item.dueAt : Number.POSITIVE_INFINITY;
    }
    let again = Number.POSITIVE_INFINITY;
    for (const request of openRequestsOf(item)) {
      again = Math.min(again, contain(request.replyQueue, () => settleIfOverdue(request, now)) ?? again);
    }
    return again;
  }

  /** Returns when to check the request again. */
  function settleIfOverdue(request: OpenRequest, now: number): number {
    const { group, startedAt } = request;
    const later = group.dueAt > now ? group.dueAt : now + CHECK_MS;
    if (startedAt !== undefined) {
      if (!deadlines.isOverdueRunning(group, startedAt, now)) return later;
      settleEarly(request, () => runTimeout(startedAt, now));
      return Number.POSITIVE_INFINITY;
    }
    if (!deadlines.isOverdueQueued(group, now) || request.hasStarted()) return now + CHECK_MS;
    if (!mayExpire(group, request.payload, now)) return later;
    // A request may start between this check and its settlement.
    settleEarly(request, (hasStarted) => (hasStarted ? runTimeout(group.arrivedAt, now) : queueTimeout(group, now)));
    return Number.POSITIVE_INFINITY;
  }

  /** A notification is not refused in silence: it waits on, unless its time is limited by itself. */
  function mayExpire({ dueAt }: Times, payload: Buffer, now: number): boolean {
    return dueAt <= now || isRaw() || canRefuse(payload);
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
      const entry = followIds(requestQueue).find(id);
      if (entry === undefined) return;
      const { holder, position } = entry;
      const error = cancelled('the caller cancelled the request');
      if (holder instanceof QueuedFrames) {
        counts.cancelled += 1;
        holder.queue.refuseAt(holder, entry, error);
        return;
      }
      const request = holder instanceof RequestGroup ? holder.requestAt(position) : undefined;
      if (request === undefined) return;
      counts.cancelled += 1;
      settleEarly(request, () => error, entry.id);
    },
    cancelAll(requestQueue) {
      const error = cancelled('the caller disconnected');
      // Notifications have no reply to lose: they still run.
      const isAbandoned = (payload: Buffer): boolean => {
        if (!isRaw() && !isAwaited(payload)) return false;
        counts.abandoned += 1;
        return true;
      };
      // The waiting ones first: a settlement lets them start.
      requestQueue.refuseWaiting((payload) => (isAbandoned(payload) ? error : undefined));
      for (const request of openRequestsOf(requestQueue.replyQueue)) {
        contain(request.replyQueue, () => isAbandoned(request.payload) && settleEarly(request, () => error));
      }
    },
    settleAll(waiting, started, reason) {
      if (isRaw()) return;
      const error = toPlain(reason);
      const refusal = (): PlainError => {
        counts.cancelled += 1;
        return error;
      };
      // Waiting requests first: each request that is settled makes room for the next one.
      for (const each of [...waiting]) contain(each.replyQueue, () => each.refuseWaiting(refusal));
      for (const source of [...started]) {
        for (const request of openRequestsOf(source)) contain(request.replyQueue, () => settleEarly(request, refusal));
      }
    },
    abortAll(reason) {
      const error = toPlain(reason);
      for (const source of sources) {
        for (const request of openRequestsOf(source)) {
          if (request.startedAt !== undefined && request.skip()) abort(request, error);
        }
      }
    },
    watch(item) {
      if (deadlines.watch(item) || deadlines.limitsRuns) startTimer();
    },
    stop() {
      stop();
      gracePeriods.stop();
    },
    counts,
  };
}

function cancelled(message: string): PlainError {
  return toPlain(new LaunchpoolError('ERR_LAUNCHPOOL_CANCELLED', message));
}
