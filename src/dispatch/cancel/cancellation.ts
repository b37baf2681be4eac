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
import type { Entrance } from '../connection/request-queue.ts';
import { createEndings } from './grace-period.ts';
import { createOpenRequests, type Found, type OpenRequestsOptions } from './open-requests.ts';

/** How often it is looked whether a time is over, in milliseconds. */
const LOOK_MS = 10;

export type WithdrawalOptions = Pick<OpenRequestsOptions, 'batcher' | 'flights' | 'long'> & {
  pool: Pick<Pool, 'cancel' | 'replace'>;
  /** The entrances in which something waits. */
  waiting: ReadonlySet<Entrance>;
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

export type Withdrawals = {
  /** Cancels the request with this id, if it is one of this connection, and neither answered nor a part of a batch. */
  cancel(entrance: Entrance, id: IdText): void;
  /** The connection is gone: lets go of what somebody has waited for on it. */
  hangUp(entrance: Entrance): void;
  /** Tells all that runs to come to an end. Settles nothing. */
  warnAll(why: LaunchpoolError): void;
  /** There may be a time that will be over, from now on. */
  watch(): void;
  stop(): void;
  readonly counts: Readonly<Record<'cancelled' | 'queueTimeouts' | 'runTimeouts' | 'abandoned', number>>;
};

export function createWithdrawals(options: WithdrawalOptions): Withdrawals {
  const { pool, flights, waiting, pending, isRaw, knowsKind } = options;
  const { queueTimeoutMs, runTimeoutMs, cancelGraceMs } = options;
  const counts = { cancelled: 0, queueTimeouts: 0, runTimeouts: 0, abandoned: 0 };
  const endings = createEndings(pool, cancelGraceMs);
  const { visit } = createOpenRequests({
    ...options,
    end(...args) {
      endings.begin(...args);
      watch();
    },
  });
  let timer: NodeJS.Timeout | undefined;

  /** @param whyOf is told whether it may have been begun: who is told that it was not may ask for it again. */
  function withdraw(found: Found, whyOf: (mayRun: boolean) => PlainError): void {
    const { lane, segment, place, payload } = found;
    const mayRun = found.skip();
    const why = whyOf(mayRun);
    // The payload may be in memory that is free by now, and will not be used again before this returns.
    const { reply, failure } = lane.abandoned ? {} : isRaw() ? { failure: why } : errorsFor(payload, why);
    if (mayRun) found.end(why);
    lane.drop(segment, place, { frames: reply, failure });
  }

  function watch(): void {
    timer ??= setInterval(look, LOOK_MS);
  }

  function stop(): void {
    clearInterval(timer);
    timer = undefined;
  }

  function look(): void {
    const now = performance.now();
    endings.look(now);
    if (knowsKind()) withdrawLate(now);
    if (pending() === 0 && !endings.areUnderWay) stop();
  }

  function withdrawLate(now: number): void {
    const late = lateNow(now);
    for (const flight of flights.values()) flight.observe(now);
    visit(
      (_lane, segment) => late.queue(segment) || late.run(segment, segment.cameAt),
      () => true,
      (found) => {
        const { segment, begunAt } = found;
        if (begunAt !== undefined) {
          if (late.run(segment, begunAt)) withdraw(found, () => runTimeout(now, begunAt));
        } else if (late.queue(segment) && !found.hasBegun()) {
          // One that has been begun while the others were told is running now.
          withdraw(found, (mayRun) => (mayRun ? runTimeout(now, segment.cameAt) : queueTimeout(now, segment)));
        }
      },
    );
    for (const entrance of waiting) {
      entrance.refuseWaiting((_payload, times) => (late.queue(times) ? queueTimeout(now, times) : undefined));
    }
  }

  /** Which requests are late, by what they have said themselves or by what all are given. */
  function lateNow(now: number): {
    queue: (times: Times) => boolean;
    run: (times: Times, begunAt: number) => boolean;
  } {
    return {
      queue: ({ cameAt, dueAt }) => now >= dueAt || (queueTimeoutMs > 0 && now >= cameAt + queueTimeoutMs),
      run: ({ dueAt }, begunAt) => now >= dueAt || (runTimeoutMs > 0 && now >= begunAt + runTimeoutMs),
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

  function runTimeout(now: number, begunAt: number): PlainError {
    counts.runTimeouts += 1;
    return plain(
      'ERR_LAUNCHPOOL_RUN_TIMEOUT',
      `the request was still running after ${Math.round(now - begunAt)} ms`,
      'Give it longer, or have its handler do less.',
    );
  }

  return {
    cancel(entrance, id) {
      const { lane } = entrance;
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
        (each) => each === lane,
        isIt,
        (found) => withdraw(found, () => why),
      );
      if (!isFound) entrance.refuseWaiting((payload) => (isIt(payload) ? why : undefined));
    },
    hangUp(entrance) {
      const { lane } = entrance;
      const why = plain('ERR_LAUNCHPOOL_CANCELLED', 'the caller has hung up');
      const isLost = (payload: Buffer): boolean => {
        if (!isRaw() && !isAwaited(payload)) return false;
        counts.abandoned += 1;
        return true;
      };
      visit(
        (each) => each === lane,
        isLost,
        (found) => withdraw(found, () => why),
      );
      entrance.refuseWaiting((payload) => (isLost(payload) ? why : undefined));
    },
    warnAll(why) {
      const error = toPlain(why);
      visit(
        () => true,
        () => true,
        ({ begunAt, skip, end }) => {
          if (begunAt !== undefined && skip()) end(error);
        },
      );
    },
    watch,
    stop,
    counts,
  };
}

function plain(code: ErrorCode, message: string, hint?: string): PlainError {
  return toPlain(new LaunchpoolError(code, message, { hint }));
}
