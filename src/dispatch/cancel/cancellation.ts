/**
 * Requests that nobody wants to be answered any more: cancelled, their caller gone, or their time over. Each is settled
 * at once, wherever it is; what waits is not begun, what runs is told so, and has its thread replaced if it goes on.
 */
import { type ErrorCode, LaunchpoolError, type PlainError, toPlain } from '../../../wire/errors.ts';
import { scanIds } from '../../../wire/id-scan.ts';
import type { IdText } from '../../../wire/id-text.ts';
import type { Pool } from '../../pool/pool.ts';
import { errorsFor, isAwaited } from '../connection/error-replies.ts';
import type { Times } from '../connection/reply-queue.ts';
import type { RequestQueue } from '../connection/request-queue.ts';
import { createGracePeriods } from './grace-period.ts';
import { createOpenRequests, type Found, type OpenRequestsOptions } from './open-requests.ts';

/** How often it is looked whether a time is over, in milliseconds. */
const CHECK_MS = 10;

export type CancellationOptions = Pick<OpenRequestsOptions, 'batcher' | 'inFlightBatches' | 'long'> & {
  pool: Pick<Pool, 'cancel' | 'replace'>;
  /** The entrances in which something waits. */
  waiting: ReadonlySet<RequestQueue>;
  /** How many requests have no outcome yet. */
  pending: () => number;
  isRaw: () => boolean;
  /** Whether that is known: before, nobody can be answered in the right way. */
  knowsKind: () => boolean;
  /** Each in milliseconds; 0 means for ever. */
  queueTimeoutMs: number;
  runTimeoutMs: number;
  /** How long what runs may go on, in milliseconds. */
  cancelGraceMs: number;
};

export type Cancellation = {
  /** Cancels the request with this id, if it is one of this connection, and neither answered nor a part of a batch. */
  cancel(requestQueue: RequestQueue, id: IdText): void;
  /** The connection is gone: lets go of what somebody has waited for on it. */
  hangUp(requestQueue: RequestQueue): void;
  /** Tells all that runs to come to an end. Settles nothing. */
  abortAll(why: LaunchpoolError): void;
  /** There may be a time that will be over, from now on. */
  startTimer(): void;
  stop(): void;
  readonly counts: Readonly<Record<'cancelled' | 'queueTimeouts' | 'runTimeouts' | 'abandoned', number>>;
};

export function createCancellation(options: CancellationOptions): Cancellation {
  const { pool, inFlightBatches, waiting, pending, isRaw, knowsKind } = options;
  const { queueTimeoutMs, runTimeoutMs, cancelGraceMs } = options;
  const counts = { cancelled: 0, queueTimeouts: 0, runTimeouts: 0, abandoned: 0 };
  const gracePeriods = createGracePeriods(pool, cancelGraceMs);
  const { visit } = createOpenRequests({
    ...options,
    end(...args) {
      gracePeriods.start(...args);
      startTimer();
    },
  });
  let timer: NodeJS.Timeout | undefined;

  /** @param whyOf is told whether it may have been begun: who is told that it was not may ask for it again. */
  function settleCancelled(found: Found, whyOf: (mayRun: boolean) => PlainError): void {
    const { replyQueue, group, position, payload } = found;
    const mayRun = found.skip();
    const why = whyOf(mayRun);
    // The payload may be in memory that is free by now, and will not be used again before this returns.
    const { reply, failure } = replyQueue.abandoned ? {} : isRaw() ? { failure: why } : errorsFor(payload, why);
    if (mayRun) found.end(why);
    replyQueue.settleEarly(group, position, { frames: reply, failure });
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
    if (knowsKind()) cancelLate(now);
    if (pending() === 0 && !gracePeriods.areRunning) stop();
  }

  function cancelLate(now: number): void {
    const late = lateNow(now);
    for (const inFlight of inFlightBatches.values()) inFlight.observe(now);
    visit(
      (_replyQueue, group) => late.queue(group) || late.run(group, group.cameAt),
      () => true,
      (found) => {
        const { group, startedAt } = found;
        if (startedAt !== undefined) {
          if (late.run(group, startedAt)) settleCancelled(found, () => runTimeout(now, startedAt));
        } else if (late.queue(group) && !found.hasStarted()) {
          // One that has been begun while the others were told is running now.
          settleCancelled(found, (mayRun) => (mayRun ? runTimeout(now, group.cameAt) : queueTimeout(now, group)));
        }
      },
    );
    for (const requestQueue of waiting) {
      requestQueue.refuseWaiting((_payload, times) => (late.queue(times) ? queueTimeout(now, times) : undefined));
    }
  }

  /** Which requests are late, by what they have said themselves or by what all are given. */
  function lateNow(now: number): {
    queue: (times: Times) => boolean;
    run: (times: Times, startedAt: number) => boolean;
  } {
    return {
      queue: ({ cameAt, dueAt }) => now >= dueAt || (queueTimeoutMs > 0 && now >= cameAt + queueTimeoutMs),
      run: ({ dueAt }, startedAt) => now >= dueAt || (runTimeoutMs > 0 && now >= startedAt + runTimeoutMs),
    };
  }

  function queueTimeout(now: number, { cameAt }: Times): PlainError {
    counts.queueTimeouts += 1;
    return plain(
      'ERR_LAUNCHPOOL_QUEUE_TIMEOUT',
      `the request has waited for ${Math.round(now - cameAt)} ms and was not begun`,
      'It has not been run, and can be made again.',
    );
  }

  function runTimeout(now: number, startedAt: number): PlainError {
    counts.runTimeouts += 1;
    return plain(
      'ERR_LAUNCHPOOL_RUN_TIMEOUT',
      `the request was still running after ${Math.round(now - startedAt)} ms`,
      'Give it longer, or have its handler do less.',
    );
  }

  return {
    cancel(requestQueue, id) {
      const { replyQueue } = requestQueue;
      const why = plain('ERR_LAUNCHPOOL_CANCELLED', 'the caller has cancelled the request');
      let isFound = false;
      const isIt = (payload: Buffer): boolean => {
        // To find the text costs much less than to find out whether it is the id.
        if (isFound || !payload.includes(id)) return false;
        const { batch, ids } = scanIds(payload);
        if (batch || ids[0] !== id) return false;
        isFound = true;
        counts.cancelled += 1;
        return true;
      };
      visit(
        (each) => each === replyQueue,
        isIt,
        (found) => settleCancelled(found, () => why),
      );
      if (!isFound) requestQueue.refuseWaiting((payload) => (isIt(payload) ? why : undefined));
    },
    hangUp(requestQueue) {
      const { replyQueue } = requestQueue;
      const why = plain('ERR_LAUNCHPOOL_CANCELLED', 'the caller has hung up');
      const isLost = (payload: Buffer): boolean => {
        if (!isRaw() && !isAwaited(payload)) return false;
        counts.abandoned += 1;
        return true;
      };
      visit(
        (each) => each === replyQueue,
        isLost,
        (found) => settleCancelled(found, () => why),
      );
      requestQueue.refuseWaiting((payload) => (isLost(payload) ? why : undefined));
    },
    abortAll(why) {
      const error = toPlain(why);
      visit(
        () => true,
        () => true,
        ({ startedAt, skip, end }) => {
          if (startedAt !== undefined && skip()) end(error);
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
