/** How a command says that it has failed: in words, and by its exit status. */
import { type ErrorCode, factsOf, LaunchpoolError, toPlain } from '../../wire/errors.ts';

/** The error for people: what has happened, and what to do. */
export function describe(error: unknown): string {
  const { message, code, hint, stack } = toPlain(error, { stack: !(error instanceof LaunchpoolError) });
  const text = stack ?? `${message}${code === undefined ? '' : ` (${code})`}`;
  return hint === undefined ? text : `${text}\n  ${hint}`;
}

/** What the agent says of itself and not of the request: as if it had not answered. */
const NOT_ANSWERED: ReadonlySet<unknown> = new Set<ErrorCode>([
  'ERR_LAUNCHPOOL_BUSY',
  'ERR_LAUNCHPOOL_QUEUE_TIMEOUT',
  'ERR_LAUNCHPOOL_RUN_TIMEOUT',
]);

/** 1 for what an agent has answered, else sysexits(3); 70 is what launchpool itself has got wrong. */
export function exitStatusOf(error: unknown): number {
  if (!(error instanceof LaunchpoolError)) return 70;
  if (error.remote && !NOT_ANSWERED.has(error.code)) return 1;
  return factsOf(error.code)?.exit ?? 1;
}
