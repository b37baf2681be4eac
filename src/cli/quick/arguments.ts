/** Parses the arguments of a quick verb by its tables of options, without the parser of the whole command line. */
import type { Option, Table } from '../../options/option.ts';
import { type CommanderFlags, camelCase } from '../given-flags.ts';

export type QuickArguments = { words: string[]; flags: CommanderFlags };

/**
 * The same as commander makes of them; undefined for what the whole command line has to answer: a request for help, what is
 * wrong, and what may be.
 */
export function quickArguments(args: readonly string[], tables: readonly Table[]): QuickArguments | undefined {
  const rows = new Map<string, Option>();
  for (const row of tables.flatMap((table) => Object.values<Option>(table))) {
    rows.set(`--${row.flag}`, row);
    if (row.short !== undefined) rows.set(`-${row.short}`, row);
  }
  const words: string[] = [];
  const flags: Record<string, unknown> = {};
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at] as string;
    if (arg === '--') return { words: [...words, ...args.slice(at + 1)], flags };
    if (!arg.startsWith('-') || arg === '-') {
      words.push(arg);
      continue;
    }
    const equals = arg.startsWith('--') ? arg.indexOf('=') : -1;
    const row = rows.get(arg.slice(0, equals < 0 ? undefined : equals));
    if (row === undefined) return undefined;
    if (!('value' in row)) {
      if (equals >= 0) return undefined;
      Object.assign(flags, switched(row.flag));
      continue;
    }
    if (equals < 0) at += 1;
    const value = equals < 0 ? args[at] : arg.slice(equals + 1);
    // A dash alone is standard input.
    if (value === undefined || (equals < 0 && value.startsWith('-') && value !== '-')) return undefined;
    const name = camelCase(row.flag);
    flags[name] = isRepeatable(row) ? [...((flags[name] as string[] | undefined) ?? []), value] : value;
  }
  return { words, flags };
}

function isRepeatable(row: Option): boolean {
  return 'value' in row && row.value.kind === 'texts';
}

/** commander keeps `--no-md5` as `md5: false`. */
function switched(flag: string): CommanderFlags {
  return flag.startsWith('no-') ? { [camelCase(flag.slice(3))]: false } : { [camelCase(flag)]: true };
}
