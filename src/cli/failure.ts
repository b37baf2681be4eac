/** The text and the exit status of a failed command. */
import { type ErrorCode, factsOf, LaunchpoolError, toPlain } from '../../wire/errors.ts';

/** The message with its code and hint; the stack for an error that is not a LaunchpoolError. */
export function describe(error: unknown): string {
  const { message, code, hint, stack } = toPlain(error, { stack: !(error instanceof LaunchpoolError) });
  const text = stack ?? `${message}${code === undefined ? '' : ` (${code})`}`;
  return hint === undefined ? text : `${text}\n  ${hint}`;
}

/** Errors that an agent answers about its own state; the request itself is not answered. */
const NOT_ANSWERED: ReadonlySet<unknown> = new Set<ErrorCode>([
  'ERR_LAUNCHPOOL_BUSY',
  'ERR_LAUNCHPOOL_QUEUE_TIMEOUT',
  'ERR_LAUNCHPOOL_RUN_TIMEOUT',
]);

/** 1 for an error that an agent answered, otherwise a status of sysexits(3); 70 for an internal error of launchpool. */
export function exitStatusOf(error: unknown): number {
  if (!(error instanceof LaunchpoolError)) return 70;
  if (error.remote && !NOT_ANSWERED.has(error.code)) return 1;
  return factsOf(error.code)?.exit ?? 1;
}
