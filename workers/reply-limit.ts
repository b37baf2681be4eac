/** The limit of a single reply, and the error for a result beyond it. */
import { LaunchpoolError } from '../wire/errors.ts';

export function resultTooLong(maxBytes: number): LaunchpoolError {
  return new LaunchpoolError(
    'ERR_LAUNCHPOOL_RESULT_INVALID',
    `the reply is longer than the maximum of ${maxBytes} bytes`,
    { hint: 'Return less at a time, or raise the maximum (--max-reply BYTES).' },
  );
}
