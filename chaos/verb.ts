/** The shape of each part of the suite: a function from options to faults and figures. */
import type { Options } from './options.ts';
import type { Random } from './random.ts';
import type { Scope } from './scope.ts';

export type Run = {
  options: Options;
  random: Random;
  scope: Scope;
  /** Shows the progress on a terminal. */
  progress: (text: string) => void;
};

export type Outcome = {
  /** Violations of the promises that the part checks; empty when all checks pass. */
  faults: readonly string[];
  /** Durations above the limit of an idle machine. The tests ignore them, because they share their machine. */
  slow?: readonly string[];
  /** Counts and measurements. */
  figures: Readonly<Record<string, unknown>>;
  /** Checks that this machine cannot run, with the reason. */
  skipped?: readonly string[];
};

export type Verb = (run: Run) => Promise<Outcome>;
