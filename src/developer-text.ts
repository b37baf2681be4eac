/** Lines of the log for a developer: an error is its message, its hint, and the stack of its cause. */
import { type PlainError, readPlain } from '../wire/plain-error.ts';

/** https://no-color.org; a terminal of the type `dumb` has no colours. */
export function hasColours(isTerminal: boolean, { NO_COLOR, TERM } = process.env): boolean {
  return isTerminal && !NO_COLOR && TERM !== 'dumb';
}

const INDENT = '\n    ';
/** The frames of a stack, without those of Node itself, which tell nothing. */
export function framesOf(stack = ''): string[] {
  return stack.split('\n').filter((line) => /^\s+at (?!.*\(?node:)/.test(line));
}

/** @param line as it is written, parsed. */
export function developerText(line: Readonly<Record<string, unknown>>): string {
  const event = String(line.msg ?? '');
  const error = readPlain(line.error);
  return error === undefined ? event : [`${event}: ${error.message}`, ...detailsOf(error)].join(INDENT);
}

function detailsOf({ hint, stack, cause }: PlainError): string[] {
  return [...(hint === undefined ? [] : [hint]), ...framesOf(readPlain(cause)?.stack ?? stack)];
}
