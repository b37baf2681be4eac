/** The results that a run writes, and how they are read again. */
import { readFileSync } from 'node:fs';
import type { Machine } from './machine.ts';

/** Null if the question does not measure it. A question may add figures of its own. */
/** The ratio to launchpool of this checkout, if other checkouts take part. */
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
  /** Whether it was a short run, with less reliable figures. */
  quick: boolean;
  threads: number;
  results: Result[];
  /** Failed measurements: a wrong or missing reply, or a contender that ended. */
  failures: Failure[];
  missing: readonly { kind: string; why: string }[];
};

export function readResults(file: string): Results {
  return JSON.parse(readFileSync(file, 'utf8')) as Results;
}

/** The figure of one contender in one cell, if it was measured. */
export function figure(results: readonly Result[], cell: string, contender: string, field: string): number | undefined {
  const value = results.find((result) => result.cell === cell && result.contender === contender)?.[field];
  return typeof value === 'number' ? value : undefined;
}
