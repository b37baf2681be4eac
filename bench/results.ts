/** What a run writes down, and how it is read again. */
import { readFileSync } from 'node:fs';
import type { Machine } from './machine.ts';

/** Null where the question does not measure it. A question may add numbers of its own. */
/** The ratio to launchpool as this checkout has it, where other checkouts take part. */
export const TO_LAUNCHPOOL = 'ratioToLaunchpool';

export type Result = {
  question: string;
  cell: string;
  contender: string;
  reqPerSec: number | null;
  p50us: number | null;
  p99us: number | null;
  ratioToInline: number | null;
  rounds: number;
  [field: string]: string | number | null;
};

export type Failure = { question: string; cell: string; contender: string; round: number; message: string };

export type Results = {
  machine: Machine;
  commit: string;
  date: string;
  /** Whether it was a short run, whose figures say less. */
  quick: boolean;
  threads: number;
  results: Result[];
  /** Measurements that did not come about: a wrong reply, a missing one, a contender that ended. */
  failures: Failure[];
  missing: readonly { kind: string; why: string }[];
};

export function readResults(file: string): Results {
  return JSON.parse(readFileSync(file, 'utf8')) as Results;
}

/** The number of one contender in one cell, if it was measured. */
export function figure(results: readonly Result[], cell: string, contender: string, field: string): number | undefined {
  const value = results.find((result) => result.cell === cell && result.contender === contender)?.[field];
  return typeof value === 'number' ? value : undefined;
}
