/** How a command says that it has failed: in words, and by its exit status. */
import { factsOf, LaunchpoolError, toPlain } from '../../wire/errors.ts';

/** The error for people: what has happened, and what to do. */
export function describe(error: unknown): string {
  const { message, code, hint, stack } = toPlain(error, { stack: !(error instanceof LaunchpoolError) });
  const text = stack ?? `${message}${code === undefined ? '' : ` (${code})`}`;
  return hint === undefined ? text : `${text}\n  ${hint}`;
}

/** 1 for what an agent has answered, else sysexits(3); 70 is what launchpool itself has got wrong. */
export function exitStatusOf(error: unknown): number {
  if (!(error instanceof LaunchpoolError)) return 70;
  if (error.remote) return 1;
  return factsOf(error.code)?.exit ?? 1;
}
