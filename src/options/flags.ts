/** Flags as a program gives them, by the names that the command line has for them, and as arguments of `launchpool run`. */
import type { Table } from './option.ts';
import type { GivenValues } from './parse-options.ts';
import { invalidOption } from './parse-value.ts';

/** The flags of a table with their values in the units of the command line: `{ idle: 0.5, threads: 'auto', 'no-md5': true }`. */
export type FlagsOf<T extends Table> = {
  readonly [Key in keyof T as T[Key]['flag']]?: FlagValue<T[Key]> | undefined;
};

type FlagValue<Row> = Row extends { value: infer V } ? GivenValue<V> : boolean;

type GivenValue<V> = V extends { kind: 'count'; auto: number }
  ? number | 'auto'
  : V extends { kind: 'seconds' | 'count' | 'bytes' | 'mebibytes' }
    ? number
    : V extends { kind: 'userIds' }
      ? number | readonly number[]
      : V extends { choices: readonly (infer Choice)[] }
        ? Choice
        : string;

/**
 * The flags that are set, as texts.
 * @throws ERR_LAUNCHPOOL_OPTION_INVALID when the table has no flag of that name
 */
export function givenFlagsOf(
  table: Table,
  flags: Readonly<Record<string, unknown>>,
  hint?: string,
): Record<string, string | true> {
  const known = new Set(Object.values(table).map(({ flag }) => flag));
  const given: Record<string, string | true> = {};
  for (const [name, value] of Object.entries(flags)) {
    if (value === undefined || value === false) continue;
    if (!known.has(name)) throw invalidOption(`the agent has no flag --${name}`, hint);
    given[name] = value === true ? true : String(value);
  }
  return given;
}

export function argumentsOf(given: GivenValues): string[] {
  return Object.entries(given).flatMap(([name, value]) => {
    if (value === undefined || value === false) return [];
    if (value === true) return [`--${name}`];
    const text = String(value);
    // As an argument of its own, it would be read as another flag.
    return text.startsWith('-') ? [`--${name}=${text}`] : [`--${name}`, text];
  });
}
