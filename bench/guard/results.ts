/** The results that a run of the guard writes, and the exit status that follows from them. */
import type { Machine } from '../machine.ts';
import type { Comparison } from './comparison.ts';
import type { GuardFailure, Sample } from './rounds.ts';

export type GuardResults = {
  machine: Machine;
  other: { revision: string; commit: string };
  this: string;
  date: string;
  below: number;
  rounds: number;
  threads: number;
  /** How long the rounds took. */
  seconds: number;
  comparisons: Comparison[];
  failures: GuardFailure[];
  samples: Sample[];
};

/** A failed measurement is no loss: a mistyped revision, a machine without a compiler, an agent that fails. */
export const STATUS = { fine: 0, loss: 1, notMeasured: 2 } as const;

export function exitStatus({ comparisons, failures }: Pick<GuardResults, 'comparisons' | 'failures'>): number {
  if (comparisons.some(({ verdict }) => verdict === 'loss')) return STATUS.loss;
  return failures.length > 0 ? STATUS.notMeasured : STATUS.fine;
}
