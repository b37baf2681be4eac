/** The errors of requests whose thread has exited. */
import { LaunchpoolError, toPlain } from '../../wire/errors.ts';
import type { Thread } from './thread.ts';

export function threadExited(cause?: unknown): LaunchpoolError {
  const reason = cause === undefined ? '' : `: ${toPlain(cause).name}: ${toPlain(cause).message}`;
  return new LaunchpoolError(
    'ERR_LAUNCHPOOL_THREAD_EXITED',
    `the worker thread ended before the request was answered${reason}`,
    { cause, hint: 'Check the handler for process.exit() and for unhandled promise rejections.' },
  );
}

/** The error for which the pool has ended a thread; otherwise one with the cause of its death. */
export function exitErrorOf({ endReason }: Thread, cause: unknown): LaunchpoolError {
  return endReason === undefined || endReason === 'idle' ? threadExited(cause) : endReason;
}

export function retiredFor(ms: number): LaunchpoolError {
  return new LaunchpoolError(
    'ERR_LAUNCHPOOL_THREAD_EXITED',
    `the worker thread was replaced: many requests on it went on after their cancellation, and this one took over ${ms} ms`,
    { hint: 'Let handlers heed requestSignal().' },
  );
}

export function unresponsiveFor(ms: number): LaunchpoolError {
  return new LaunchpoolError(
    'ERR_LAUNCHPOOL_THREAD_EXITED',
    `the worker thread began no request of its tasks for ${ms} ms and was replaced`,
    { hint: 'Check the module for code that blocks outside of requests, for instance in a timer.' },
  );
}
