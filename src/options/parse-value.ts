/** Parses the value of one option. */
import { LaunchpoolError } from '../../wire/errors.ts';
import { expectationOf } from './describe-value.ts';
import type { Parsed, Value } from './option.ts';

/** The command line names the verb in it. */
export const HELP_HINT = 'See `launchpool help`.';

/**
 * @param name the option as the user writes it, for the error.
 * @throws ERR_LAUNCHPOOL_OPTION_INVALID, which names the option, the text and what is accepted
 */
export function parseValue<V extends Value>(value: V, text: string, name: string, hint: string = HELP_HINT): Parsed<V> {
  const parsed = parse(value, text);
  if (parsed === undefined) throw invalidOption(`${name} ${text}: not ${expectationOf(value)}`, hint);
  return parsed as Parsed<V>;
}

export function invalidOption(message: string, hint: string = HELP_HINT, cause?: unknown): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_OPTION_INVALID', message, { hint, cause });
}

/** Returns undefined for a text that is not accepted. */
function parse(value: Value, text: string): number | string | readonly number[] | undefined {
  switch (value.kind) {
    case 'seconds': {
      const { min, max } = value;
      const ms = within({ min: 1000 * min, max: 1000 * max }, millisecondsOf(text));
      // No timer is finer than a millisecond, and a fraction of one must not become 0, which means "never".
      return ms === undefined ? undefined : Math.ceil(ms);
    }
    case 'count':
      return text === 'auto' && value.auto !== undefined ? value.auto : wholeNumber(value, text);
    case 'bytes':
    case 'mebibytes':
    case 'port':
      return wholeNumber(value, text);
    case 'userIds': {
      const ids = text.split(',').map((id) => wholeNumber(value, id));
      return ids.every((id) => id !== undefined) ? ids : undefined;
    }
    case 'choice':
      return value.choices.find((choice) => choice === text);
    default:
      return text;
  }
}

/** The lengths of the units, in milliseconds. */
const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Without a unit, the number is one of seconds. */
function millisecondsOf(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|[smh])$/.exec(text) ?? [];
  if (unit !== undefined) return Number(number) * (UNITS[unit] as number);
  return text.trim() === '' ? Number.NaN : 1000 * Number(text);
}

type Range = { min: number; max: number };

function wholeNumber(range: Range, text: string): number | undefined {
  return /^\d+$/.test(text) ? within(range, Number(text)) : undefined;
}

function within({ min, max }: Range, number: number): number | undefined {
  return number >= min && number <= max ? number : undefined;
}
