/** Why a thread has not answered what it was given. */
import { LaunchpoolError, toPlain } from '../../wire/errors.ts';

export function threadExited(cause?: unknown): LaunchpoolError {
  const why = cause === undefined ? '' : `: ${toPlain(cause).name}: ${toPlain(cause).message}`;
  return new LaunchpoolError(
    'ERR_LAUNCHPOOL_THREAD_EXITED',
    `the worker thread ended before the request was answered${why}`,
    { cause, hint: 'Did the handler call process.exit(), or leave a promise rejected?' },
  );
}

export function unresponsiveFor(ms: number): LaunchpoolError {
  return new LaunchpoolError(
    'ERR_LAUNCHPOOL_THREAD_EXITED',
    `the worker thread has begun nothing of what it was given for ${ms} ms, and was replaced`,
    { hint: 'Something in the module keeps it busy outside of any request: a timer, for instance.' },
  );
}
