/** Stacks without what comes from launchpool itself. */
import { dirname, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type PlainError, readPlain } from '../wire/plain-error.ts';

/** The folder of the code of a thread. */
const OWN_FOLDER = dirname(fileURLToPath(import.meta.url));

/** A stack up to the frame in which launchpool calls the module. */
function trimmedStack(stack: string): string {
  const lines = stack.split('\n');
  const own = lines.findIndex((line) => /^\s+at /.test(line) && line.includes(`${OWN_FOLDER}${sep}`));
  return own < 0 ? stack : lines.slice(0, own).join('\n');
}

/** The same for a plain error with its causes and errors. */
export function withTrimmedStacks(error: PlainError): PlainError {
  const { stack, cause, errors } = error;
  const related = (value: unknown): unknown => {
    const plain = readPlain(value);
    return plain === undefined ? value : withTrimmedStacks(plain);
  };
  return {
    ...error,
    ...(stack !== undefined && { stack: trimmedStack(stack) }),
    ...(cause !== undefined && { cause: related(cause) }),
    ...(errors !== undefined && { errors: errors.map(related) }),
  };
}
