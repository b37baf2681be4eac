/** The arguments of `launchpool call`: JSON, or text as it is, from the command line, from files or from standard input. */
import { readFileSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { LaunchpoolError, toPlain } from '../../wire/errors.ts';

const STDIN = 'standard input';
const STDIN_HINT = 'Pipe one JSON value into it. "@-" takes its text as it is, "--bytes-arg -" its bytes.';

/**
 * The arguments of a method. A word is JSON; `-` is the JSON value on standard input, `@FILE` the text of a file, and `@-` the
 * text on standard input.
 * @param texts arguments that are text as they stand, behind the others.
 * @param files whose bytes are the last arguments; `-` is standard input.
 * @throws ERR_LAUNCHPOOL_OPTION_INVALID
 */
export async function argumentsOf(
  words: readonly string[],
  texts: readonly string[],
  files: readonly string[] = [],
): Promise<unknown[]> {
  const isStdin = (word: string): boolean => word === '-' || word === '@-';
  if ([...words, ...files].filter(isStdin).length > 1)
    throw usage(`${STDIN} is given more than once: "-" is its JSON value, "@-" its text, "--bytes-arg -" its bytes`);
  const params: unknown[] = [];
  for (const word of words) params.push(await argumentOf(word));
  params.push(...texts);
  for (const file of files) params.push(file === '-' ? await buffer(process.stdin) : bytesOf(file));
  return params;
}

/**
 * All arguments at once, from the option --params.
 * @throws ERR_LAUNCHPOOL_OPTION_INVALID
 */
export async function paramsOf(text: string, words: readonly string[]): Promise<unknown[]> {
  if (words.length > 0) throw usage('--params takes no further arguments');
  const params = text === '-' ? parse(String(await buffer(process.stdin)), STDIN) : parse(text, '--params');
  if (Array.isArray(params)) return params;
  if (typeof params === 'object' && params !== null) return [params];
  throw usage('--params takes an array or an object');
}

export function usage(message: string, cause?: unknown, hint?: string): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_OPTION_INVALID', message, {
    cause,
    hint:
      hint ??
      `Give text in JSON quotes inside of the shell's quotes, launchpool call TARGET rot13 '"Hello"', or as --text-arg Hello.`,
  });
}

async function argumentOf(word: string): Promise<unknown> {
  if (word === '-') return parse(String(await buffer(process.stdin)), STDIN);
  if (word === '@-') return textOf(await buffer(process.stdin), STDIN);
  if (word.startsWith('@')) return textOf(bytesOf(word.slice(1)), word.slice(1));
  return parse(word, 'an argument');
}

function bytesOf(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw usage(`${path === '' ? '"@" without a path' : path} cannot be read: ${toPlain(cause).message}`, cause);
  }
}

function textOf(bytes: Buffer, source: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw usage(`${source} is not UTF-8 text`, cause);
  }
}

function parse(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    if (text.trim() === '')
      throw usage(`${source} is empty, not JSON`, cause, source === STDIN ? STDIN_HINT : undefined);
    const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text;
    const reason = toPlain(cause).message.replace(/, ".*" is not valid JSON$/s, '');
    throw usage(`${source} is not JSON: ${shown}: ${reason}`, cause, source === STDIN ? STDIN_HINT : undefined);
  }
}
