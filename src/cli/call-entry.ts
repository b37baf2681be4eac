/** The entry of the bundle of `launchpool call`: parses its arguments without the parser of the whole command line. */
import { parseArgs } from 'node:util';
import { CALL_TABLE, CLIENT_TABLE } from '../options/client-table.ts';
import type { Table } from '../options/option.ts';
import { setExitStatus } from './exit-status.ts';
import { type CommanderFlags, camelCase } from './given-flags.ts';
import { call } from './verbs/call.ts';

/** @returns false for arguments that the parser of the whole command line has to answer. Nothing has happened then. */
export function runCall(args: readonly string[]): boolean {
  const parsed = parseCall(args);
  if (parsed === undefined) return false;
  const { target, words, flags } = parsed;
  void setExitStatus(call(target, words, flags));
  return true;
}

type Parsed = { target: string; words: string[]; flags: CommanderFlags };

/** The same as commander makes of them; undefined for what is wrong, or may be. */
export function parseCall(args: readonly string[]): Parsed | undefined {
  try {
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: OPTIONS });
    const [target, ...words] = positionals;
    return target === undefined ? undefined : { target, words, flags: flagsOf(values) };
  } catch {
    return undefined;
  }
}

const TABLES: readonly Table[] = [CALL_TABLE, CLIENT_TABLE];
const OPTIONS = Object.fromEntries(
  TABLES.flatMap((table) => Object.values(table)).map((row) => [
    row.flag,
    { type: 'value' in row ? ('string' as const) : ('boolean' as const) },
  ]),
);

/** commander keeps `--no-md5` as `md5: false`. */
function flagsOf(values: Readonly<Record<string, unknown>>): CommanderFlags {
  return Object.fromEntries(
    Object.entries(values).map(([flag, value]) =>
      flag.startsWith('no-') ? [camelCase(flag.slice(3)), false] : [camelCase(flag), value],
    ),
  );
}
