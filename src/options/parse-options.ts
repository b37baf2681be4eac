/** Parses options, from the values on the command line or in an installation. */
import type { GivenOf, Option, OptionsOf, Table } from './option.ts';
import { invalidOption, parseValue } from './parse-value.ts';

/** Values by the names of their flags, without the dashes. */
export type GivenValues = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

/**
 * @returns the settings of the given values only.
 * @throws ERR_LAUNCHPOOL_OPTION_INVALID
 */
export function parseOptions<T extends Table>(table: T, given: GivenValues, hint?: string): GivenOf<T> {
  const options: Record<string, unknown> = {};
  for (const key of Object.keys(table)) {
    const row = table[key] as Option;
    const value = given[row.flag];
    if (value !== undefined && value !== false) options[key] = settingOf(row, value, hint);
  }
  return options as GivenOf<T>;
}

/** The settings of a table when nothing is given. */
export function defaultsOf<T extends Table>(table: T): OptionsOf<T> {
  const options: Record<string, unknown> = {};
  for (const key of Object.keys(table)) options[key] = defaultOf(table[key] as Option);
  return options as OptionsOf<T>;
}

function settingOf(row: Option, given: string | true | readonly string[], hint?: string): unknown {
  const name = `--${row.flag}`;
  if ('switch' in row) {
    if (given === true) return row.switch;
    throw invalidOption(`${name} ${given}: the option has no value`, hint);
  }
  if (row.value.kind === 'texts') return typeof given === 'object' ? given : [String(given)];
  return parseValue(row.value, String(given), name, hint);
}

/** Without parsing, which each start of an agent would pay for; a test holds that the text of a default parses to it. */
function defaultOf(row: Option): unknown {
  if ('switch' in row) return !row.switch;
  const { value, default: given } = row;
  if (value.kind === 'userIds' || value.kind === 'texts') return given ?? [];
  if (value.kind === 'seconds' && given !== undefined) return Number(given) * 1000;
  return value.kind === 'count' && given === 'auto' ? value.auto : given;
}
