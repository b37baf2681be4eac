/** An error of a call as the result of its tool: text that a model, or a person, can act on. */
import { factsOf, LaunchpoolError } from '../../wire/errors.ts';
import { readPlain } from '../../wire/plain-error.ts';
import { type Content, textContent, textOf } from './content.ts';

export type ErrorResult = { content: Content[]; isError: true; _meta?: Readonly<Record<string, unknown>> };

/** Longer data are not part of the text. */
const MAX_DATA = 2_000;
const MAX_CAUSES = 3;
/** For programs. */
const META_KEY = 'launchpool/error';

export function errorResult(error: unknown): ErrorResult {
  const result: ErrorResult = { content: [textContent(errorText(error))], isError: true };
  if (!(error instanceof LaunchpoolError)) return result;
  const { name, code, hint, retryable } = error;
  return { ...result, _meta: { [META_KEY]: { name, code, retryable, ...(hint !== undefined && { hint }) } } };
}

/** The message with its code; then what to do, the data, and the causes, a line each. */
export function errorText(error: unknown): string {
  if (!(error instanceof LaunchpoolError)) return error instanceof Error ? error.message : String(error);
  const { name, message, code, hint, data, cause } = error;
  const isOfHandler = error.remote && (factsOf(code) === undefined || code === 'ERR_LAUNCHPOOL_HANDLER');
  const shownCode = code === 'ERR_LAUNCHPOOL_HANDLER' ? '' : ` (${code})`;
  return [
    `${isOfHandler ? `${name}: ` : ''}${message}${shownCode}`,
    ...(hint === undefined ? [] : [hint]),
    ...dataLine(data),
    ...causeLines(cause),
  ].join('\n');
}

function dataLine(data: unknown): string[] {
  if (data === undefined || data === null) return [];
  const text = textOf(data);
  return text.length > MAX_DATA ? [] : [`data: ${text}`];
}

/** Those of a handler's error; launchpool's own texts say what their causes mean. */
function causeLines(cause: unknown, level = 0): string[] {
  const plain = cause instanceof LaunchpoolError && cause.remote ? cause : readPlain(cause);
  if (plain === undefined || level === MAX_CAUSES) return [];
  return [`cause: ${plain.name}: ${plain.message}`, ...causeLines(plain.cause, level + 1)];
}
