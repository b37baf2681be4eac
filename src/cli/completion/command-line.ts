/** Reads a command line that is not complete, by the tables of its verb. */
import type { Option, ValueOption } from '../../options/option.ts';

export type CommandLine = {
  /** The words beside the options. */
  words: string[];
  /** The options that are given, by their flags. */
  given: Set<string>;
  /** The last option, if its value is to come. */
  open?: ValueOption;
  /** Whether `--` has ended the options. */
  isPastOptions: boolean;
};

/** @param args after the verb, without the one that is being typed. */
export function readCommandLine(args: readonly string[], rows: readonly Option[]): CommandLine {
  const line: CommandLine = { words: [], given: new Set(), isPastOptions: false };
  for (const [at, arg] of args.entries()) {
    if (line.open !== undefined) {
      // A value that may be missing is a number.
      const isValue = line.open.bare === undefined || /^\d+$/.test(arg);
      delete line.open;
      if (isValue) continue;
    }
    if (line.isPastOptions || !arg.startsWith('-') || arg === '-') line.words.push(arg);
    else if (arg === '--') line.isPastOptions = true;
    else {
      const row = rowOf(arg, rows);
      if (row === undefined) continue;
      line.given.add(row.flag);
      const isLast = at === args.length - 1;
      if ('value' in row && !arg.includes('=') && !(isLast && row.bare !== undefined)) line.open = row;
    }
  }
  return line;
}

/** @param arg such as `--idle`, `--idle=5` or `-n`. */
export function rowOf(arg: string, rows: readonly Option[]): Option | undefined {
  const [name] = arg.split('=');
  return rows.find(({ flag, short }) => name === `--${flag}` || (short !== undefined && name === `-${short}`));
}
