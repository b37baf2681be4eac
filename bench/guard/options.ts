/** The command line of the guard. */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { listOf, numberOf, wholeOf } from '../arguments.ts';
import { CELLS } from './cells.ts';

export type GuardOptions = {
  /** The commit that this checkout is compared with. */
  revision: string;
  /** An interval that lies wholly below it is a loss. */
  below: number;
  cells: readonly string[];
  rounds: number;
  /** How long each measurement of a rate takes. */
  seconds: number;
  threads: number;
  json: string | undefined;
};

const BELOW = 0.97;
const ROUNDS = 15;
/** With fewer rounds, an interval of 95 % does not exist. */
const MIN_ROUNDS = 6;
const SECONDS = 0.15;

export const GUARD_HELP = `--guard builds the commit REV and this checkout, and compares them in one run; compares this checkout with its own copy
too. Prints the ratio of each cell, below 1 where this checkout is worse, with its interval of 95 %. Exits with 1 if an
interval lies wholly below the limit, and with 2 if a build or measurement fails.

  --below X            the limit (default: ${BELOW})
  --cells A,B          these cells only: ${CELLS.map(({ name }) => name).join(', ')}
  --rounds N           number of measurements of each cell, at least ${MIN_ROUNDS} (default: ${ROUNDS})
  --seconds S          duration of each measurement of a rate (default: ${SECONDS})
  --threads N          worker threads of each agent (default: 2)
  --json FILE          write the comparisons and every sample to FILE
`;

export function asksForGuard(args: readonly string[]): boolean {
  return !args.includes('--help') && args.some((argument) => argument === '--guard' || argument.startsWith('--guard='));
}

/** @throws when an argument is invalid. */
export function readGuardOptions(args: readonly string[]): GuardOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      guard: { type: 'string', default: '' },
      below: { type: 'string', default: String(BELOW) },
      cells: { type: 'string', default: '' },
      rounds: { type: 'string', default: String(ROUNDS) },
      seconds: { type: 'string', default: String(SECONDS) },
      threads: { type: 'string', default: '2' },
      json: { type: 'string' },
    },
  });
  const rounds = wholeOf(values.rounds, '--rounds');
  if (rounds < MIN_ROUNDS) {
    throw new Error(`--rounds ${rounds}: an interval of 95 % needs at least ${MIN_ROUNDS} rounds`);
  }
  const below = numberOf(values.below, '--below');
  if (below > 1) throw new Error(`--below ${values.below}: not a ratio below 1`);
  const cells = listOf(values.cells);
  for (const name of cells) {
    if (!CELLS.some((cell) => cell.name === name)) {
      throw new Error(`--cells ${name}: there are ${CELLS.map((cell) => cell.name).join(', ')}`);
    }
  }
  return {
    revision: values.guard,
    below,
    cells,
    rounds,
    seconds: numberOf(values.seconds, '--seconds'),
    threads: wholeOf(values.threads, '--threads'),
    json: values.json === undefined ? undefined : resolve(values.json),
  };
}
