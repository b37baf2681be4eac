/** Writes and reads the results files. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readCommit, readMachine } from '../bench/machine.ts';
import type { Outcome } from './verb.ts';

export type Machine = Pick<
  ReturnType<typeof readMachine>,
  'cpu' | 'cores' | 'memoryGiB' | 'loadAverage' | 'os' | 'node'
>;

export type Result = Outcome & {
  /** The command line that repeats the run. */
  command: string;
  ok: boolean;
  seed: number;
  seconds: number;
  date: string;
  commit: string;
  machine: Machine;
};

export const RESULTS_FOLDER: string = join(import.meta.dirname, 'results');
const fileOf = (verb: string, folder: string): string => join(folder, `${verb}.json`);

/** Called before the run, because the run itself raises the load average. */
export function describeMachine(): Machine {
  const { cpu, cores, memoryGiB, loadAverage, os, node } = readMachine();
  return { cpu, cores, memoryGiB, loadAverage, os, node };
}

export function resultOf(
  outcome: Outcome,
  facts: Pick<Result, 'command' | 'seed' | 'seconds' | 'machine'>,
  date: Date = new Date(),
): Result {
  const { faults, slow = [] } = outcome;
  const ok = faults.length === 0 && slow.length === 0;
  return { ...facts, ok, date: date.toISOString(), commit: readCommit(), ...outcome };
}

export function writeResult(verb: string, result: Result, folder: string = RESULTS_FOLDER): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(fileOf(verb, folder), `${JSON.stringify(result, null, 2)}\n`);
}

/** Undefined when the verb has not been run yet. */
export function readResult(verb: string, folder: string = RESULTS_FOLDER): Result | undefined {
  const file = fileOf(verb, folder);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Result) : undefined;
}
