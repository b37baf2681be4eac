/** Numbers in readable form. */

const UNITS = {
  rate: rateText,
  us: timeText,
  ms: (value: number) => timeText(value * 1000),
  ratio: ratioText,
  share: (value: number) => `${Math.round(value * 100)} %`,
  mib: (value: number) => `${value.toFixed(1)} MiB`,
  exponent: (value: number) => value.toFixed(2),
  cost: costText,
  bytes: (value: number) => `${(value / 1024).toFixed(1)} KiB`,
  mb: (value: number) => `${rateText(value)} MB/s`,
} satisfies Record<string, (value: number) => string>;

export type Unit = keyof typeof UNITS;

export function numberText(value: number | string | null | undefined, unit?: Unit): string {
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return '–';
  return unit === undefined ? String(value) : UNITS[unit](value);
}

export function rateText(value: number): string {
  if (value >= 1e6) return `${(value / 1e6).toFixed(2)} M`;
  if (value >= 1e5) return `${Math.round(value / 1e3)} k`;
  return value >= 1e4 ? `${(value / 1e3).toFixed(1)} k` : value.toFixed(0);
}

export function timeText(us: number): string {
  if (us >= 1e6) return `${(us / 1e6).toFixed(2)} s`;
  if (us >= 1e4) return `${(us / 1e3).toFixed(0)} ms`;
  return us >= 1e3 ? `${(us / 1e3).toFixed(1)} ms` : `${us.toFixed(us < 10 ? 1 : 0)} µs`;
}

export function ratioText(value: number | undefined | null): string {
  if (value === undefined || value === null) return '–';
  return `${value >= 10 ? value.toFixed(0) : value.toFixed(2)}×`;
}

/** Microseconds of any size: the cost of a KiB may be a fraction of one. */
function costText(us: number): string {
  return us < 0.1 ? `${(us * 1000).toFixed(us < 0.01 ? 1 : 0)} ns` : us < 10 ? `${us.toFixed(2)} µs` : timeText(us);
}

/** Aligned columns, the first to the left and the others to the right. */
export function tableText(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_unused, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((text, column) => (column === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[column] ?? 0)))
        .join('  '),
    )
    .join('\n');
}

export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
