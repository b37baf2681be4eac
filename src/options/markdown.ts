/** The tables of options in the documents. */
import { defaultTextOf, syntaxOf } from './describe-option.ts';
import { expectationOf } from './describe-value.ts';
import type { Option, Table } from './option.ts';

/** Every option of a table, with the values that it accepts. */
export function documentTable(table: Table): string {
  const rows = Object.values(table).map((row) => [
    nameOf(row),
    withCode(row.details === undefined ? row.help : `${row.help}. ${row.details}`),
    valueTextOf(row),
    withCode(defaultCellOf(row)),
  ]);
  return linesOf([['Option', 'Meaning', 'Value', 'Default'], ...rows]);
}

/** The options that README lists, in columns of one width. */
export function readmeTable(table: Table): string {
  const rows = Object.values(table)
    .filter(({ readme }) => readme)
    .map((row) => [nameOf(row), withCode(row.help), withCode(defaultCellOf(row))]);
  const all = [['Option', 'Meaning', 'Default'], ...rows];
  const widthOf = (column: number): number => Math.max(...all.map((row) => row[column]?.length ?? 0));
  return linesOf(all.map((row) => row.map((text, column) => text.padEnd(widthOf(column)))));
}

function nameOf(row: Option): string {
  return `${row.short === undefined ? '' : `\`-${row.short}\`, `}\`${syntaxOf(row)}\``;
}

function valueTextOf(row: Option): string {
  if ('switch' in row) return '';
  return row.value.kind === 'texts' ? 'repeatable' : (expectationOf(row.value) ?? '');
}

function defaultCellOf(row: Option): string {
  return defaultTextOf(row) ?? '';
}

/** Marks the names of other options as code. The help prints them without marks. */
function withCode(text: string): string {
  return text.replace(/(?<!`)--[a-z][a-z0-9-]*/g, '`$&`');
}

/** @param rows the first one is the head. */
function linesOf([head = [], ...rows]: readonly (readonly string[])[]): string {
  const rule = head.map((text) => '-'.repeat(Math.max(3, text.length)));
  return [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}
