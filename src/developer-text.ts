/** The text of a line of the log for a developer: an error is its message, its hint, and the stack of its cause. */
import { type PlainError, readPlain } from '../wire/plain-error.ts';

const INDENT = '\n    ';
/** Frames of Node tell nothing. */
const IS_FRAME = /^\s+at (?!.*\(?node:)/;

/** @param line as it is written, parsed. */
export function developerText(line: Readonly<Record<string, unknown>>): string {
  const event = String(line.msg ?? '');
  const error = readPlain(line.error);
  return error === undefined ? event : [`${event}: ${error.message}`, ...detailsOf(error)].join(INDENT);
}

function detailsOf({ hint, stack, cause }: PlainError): string[] {
  const below = readPlain(cause);
  const frames = below?.stack ?? stack;
  return [...(hint === undefined ? [] : [hint]), ...(frames ?? '').split('\n').filter((frame) => IS_FRAME.test(frame))];
}
