/** The text and the exit status of a failed command. */
import { type ErrorCode, factsOf, LaunchpoolError, toPlain } from '../../wire/errors.ts';
import { type PlainError, readPlain } from '../../wire/plain-error.ts';
import { framesOf } from '../developer-text.ts';
import { HELP_HINT } from '../options/parse-value.ts';

/**
 * The message with its code and hint. An error of a handler has its name, its causes, and in development its stack; an error
 * that is not a LaunchpoolError has its stack.
 */
export function describe(error: unknown): string {
  const plain = toPlain(error, { stack: true });
  const isOwn = error instanceof LaunchpoolError;
  if (isOwn && error.remote) return withHint(describeRemote(plain), plain.hint);
  const ofSystem = describeSystemError(error);
  if (ofSystem !== undefined) return withHint(ofSystem.message, ofSystem.hint);
  const { message, code, hint, stack } = plain;
  const text = isOwn || stack === undefined ? `${message}${code === undefined ? '' : ` (${code})`}` : stack;
  return withHint(text, hint);
}

/** What the user can do about calls of the system that fail. */
const SYSTEM_HINTS: Readonly<Record<string, string>> = {
  uv_cwd: 'The working folder does not exist any more: change to another one.',
  mkdtemp: 'TMPDIR names the folder for temporary files: it must exist, and have room.',
};

const NO_ROOM =
  'There is no room left, on the disk of the home folder or on that of TMPDIR, the folder for temporary files.';
const HINTS_BY_CODE: Readonly<Record<string, string>> = { ENOSPC: NO_ROOM, EDQUOT: NO_ROOM };

/** The message of an error of the system, without a stack, which would lead into launchpool. Undefined for other errors. */
function describeSystemError(error: unknown): { message: string; hint: string | undefined } | undefined {
  const { syscall, code, message, isOfOutput } = Object(error) as NodeJS.ErrnoException & { isOfOutput?: true };
  if (typeof syscall !== 'string' || typeof code !== 'string') return undefined;
  const [first = message] = String(message).split(', the current working directory');
  return {
    message: isOfOutput ? `the output cannot be written: ${first}` : first,
    hint: SYSTEM_HINTS[syscall] ?? (isOfOutput ? undefined : HINTS_BY_CODE[code]),
  };
}

/** The help of the verb that was called. */
function helpHint(verb: string | undefined = process.argv[2]): string {
  return verb === undefined || verb.startsWith('-') ? HELP_HINT : `See \`launchpool ${verb} --help\`.`;
}

function withHint(text: string, hint: string | undefined): string {
  return hint === undefined ? text : `${text}\n  ${hint === HELP_HINT ? helpHint() : hint}`;
}

/** @param indent of the lines below the first one. */
function describeRemote({ name, message, code, stack, cause, errors = [] }: PlainError, indent = '  '): string {
  const isOfAgent = factsOf(code) !== undefined && code !== 'ERR_LAUNCHPOOL_HANDLER';
  const shownCode = code === undefined || code === 'ERR_LAUNCHPOOL_HANDLER' ? '' : ` (${code})`;
  const lines = [`${isOfAgent ? message : `${name}: ${message}`}${shownCode}`];
  for (const frame of framesOf(stack)) lines.push(`${indent}${frame.trim()}`);
  const related = (title: string, value: unknown): void => {
    const plain = readPlain(value);
    const text = plain === undefined ? JSON.stringify(value) : describeRemote(plain, `${indent}  `);
    lines.push(`${indent}${title}: ${text}`);
  };
  if (cause !== undefined) related('cause', cause);
  for (const [index, each] of errors.entries()) related(`error ${index + 1} of ${errors.length}`, each);
  return lines.join('\n');
}

/** Errors that an agent answers about its own state; the request itself is not answered. */
const NOT_ANSWERED: ReadonlySet<unknown> = new Set<ErrorCode>([
  'ERR_LAUNCHPOOL_BUSY',
  'ERR_LAUNCHPOOL_QUEUE_TIMEOUT',
  'ERR_LAUNCHPOOL_RUN_TIMEOUT',
]);

/** 1 for an error that an agent answered, otherwise a status of sysexits(3); 70 for an internal error of launchpool. */
export function exitStatusOf(error: unknown): number {
  if (!(error instanceof LaunchpoolError)) return describeSystemError(error) === undefined ? 70 : 73;
  if (error.remote && !NOT_ANSWERED.has(error.code)) return 1;
  return factsOf(error.code)?.exit ?? 1;
}
