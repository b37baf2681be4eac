/** The limit of a single reply, and the error for a result beyond it. */
import { LaunchpoolError } from '../wire/errors.ts';

/** Whether text is longer than that in UTF-8. */
export function isTextLonger(text: string, maxBytes: number): boolean {
  // UTF-8 takes at most three bytes for each code unit of a string, and at least one.
  if (text.length * 3 <= maxBytes) return false;
  return text.length > maxBytes || Buffer.byteLength(text) > maxBytes;
}

export function resultTooLong(maxBytes: number): LaunchpoolError {
  return new LaunchpoolError(
    'ERR_LAUNCHPOOL_RESULT_INVALID',
    `the reply is longer than the maximum of ${maxBytes} bytes`,
    { hint: 'Return less at a time, or raise the maximum (--max-reply BYTES).' },
  );
}
