/** Formats the figures of a run, which may be nested, as a table of two columns. */
import { markdownTable } from '../bench/text.ts';

/** Omits lists of samples, which belong to the chart. */
export function figuresTable(figures: Readonly<Record<string, unknown>>): string {
  return markdownTable(['Figure', 'Value'], rowsOf(figures, ''));
}

function rowsOf(figures: object, prefix: string): string[][] {
  return Object.entries(figures).flatMap(([name, value]) => {
    const path = prefix === '' ? name : `${prefix} · ${name}`;
    if (value === null || value === undefined) return [];
    if (Array.isArray(value)) return value.some(isObject) || value.length === 0 ? [] : [[path, value.join(' → ')]];
    return isObject(value) ? rowsOf(value, path) : [[path, textOf(value)]];
  });
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function textOf(value: unknown): string {
  if (typeof value !== 'number') return String(value);
  return Number.isInteger(value)
    ? value.toLocaleString('en').replaceAll(',', ' ')
    : String(Number(value.toPrecision(4)));
}
