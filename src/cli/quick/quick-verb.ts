/** A quick verb: a shell waits for it, so it is a bundle of its own, with little more than it needs. */
import type { Table } from '../../options/option.ts';
import { setExitStatus } from '../exit-status.ts';
import { type QuickArguments, quickArguments } from './arguments.ts';

export type QuickVerb = {
  /** The options of the verb. */
  tables: readonly Table[];
  /** Runs the verb. @returns false for arguments that the whole command line has to answer. Nothing has happened then. */
  start(args: readonly string[]): boolean;
};

/** @param run starts the verb; undefined for a number of words that it does not take. */
export function quickVerb(
  tables: readonly Table[],
  run: (given: QuickArguments) => Promise<number> | undefined,
): QuickVerb {
  return {
    tables,
    start(args) {
      const given = quickArguments(args, tables);
      const status = given && run(given);
      if (status === undefined) return false;
      void setExitStatus(status);
      return true;
    },
  };
}
