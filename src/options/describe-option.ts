/** Describes an option: its syntax, its default, and its line in the help. */
import { expectationOf, placeholderOf } from './describe-value.ts';
import type { Option } from './option.ts';

/** The option with its value, such as `--idle SECONDS` or `--inspect[=PORT]`. */
export function syntaxOf({ flag, ...row }: Option): string {
  if (!('value' in row)) return `--${flag}`;
  const placeholder = placeholderOf(row.value);
  return row.bare === undefined ? `--${flag} ${placeholder}` : `--${flag}[=${placeholder}]`;
}

/** Undefined for a switch, which is off by default, and for an option without a default value. */
export function defaultTextOf(row: Option): string | undefined {
  if (row.defaultText !== undefined) return row.defaultText;
  return 'value' in row && row.default !== undefined ? String(row.default) : undefined;
}

/** The description in the help, which has no column for values and defaults. */
export function helpOf(row: Option): string {
  const value = 'value' in row ? row.value : undefined;
  const notes = [
    ...(value?.kind === 'texts' ? ['repeatable'] : []),
    ...(value?.kind === 'choice' ? [expectationOf(value)] : []),
    ...(defaultTextOf(row) === undefined ? [] : [`default: ${defaultTextOf(row)}${hereOf(row)}`]),
  ];
  return `${row.help}${notes.length === 0 ? '' : ` (${notes.join('; ')})`}`;
}

/** The value of the default on this machine. */
function hereOf(row: Option): string {
  const isAuto = 'value' in row && row.value.kind === 'count' && row.default === 'auto';
  return isAuto ? `, here ${(row.value as { auto?: number }).auto}` : '';
}
