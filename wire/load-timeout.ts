/** The error for a module that takes too long to load, in a thread and in the check before an installation. */
import { LaunchpoolError } from './errors.ts';

export function loadTimeout(timeoutMs: number): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_LOAD_TIMEOUT', `the module was not loaded within ${timeoutMs / 1000} s`, {
    hint: 'Check its setup() and its top-level await, or raise --load-timeout.',
  });
}
