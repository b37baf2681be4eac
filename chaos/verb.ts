/** What every part of the suite is: something that is run with options, and comes back with faults and figures. */
import type { Options } from './options.ts';
import type { Random } from './random.ts';
import type { Scope } from './scope.ts';

export type Run = {
  options: Options;
  random: Random;
  scope: Scope;
  /** Says on a terminal how far it is. */
  progress: (text: string) => void;
};

export type Outcome = {
  /** What should not have happened; empty when all is well. */
  faults: readonly string[];
  /** What took longer than it may on a machine that has nothing else to do; a test, which shares its, looks past it. */
  slow?: readonly string[];
  /** What has been counted and measured. */
  figures: Readonly<Record<string, unknown>>;
  /** What could not be done here, and why. */
  skipped?: readonly string[];
};

export type Verb = (run: Run) => Promise<Outcome>;

/** As many faults are written down; of more of them nobody learns more. */
const MAX_FAULTS = 50;

/** Keeps the first ones, and counts the rest. */
export function createFaults(): { add(fault: string): void; list(): string[] } {
  const kept: string[] = [];
  let more = 0;
  return {
    add(fault) {
      if (kept.length < MAX_FAULTS) kept.push(fault);
      else more += 1;
    },
    list: () => (more === 0 ? [...kept] : [...kept, `and ${more} more`]),
  };
}
