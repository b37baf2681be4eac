/** The cleanup of a run, for its regular end and for signals, and its temporary folder. */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SHORT_TEMP } from '../test/helpers/temp-dir.ts';

export type Scope = {
  /** Short enough for socket paths. Removed at the end. */
  readonly folder: string;
  defer(cleanup: () => unknown): void;
  /** Runs all cleanups, the last one first. Further calls wait for the same promise. */
  end(): Promise<void>;
};

export async function createScope(): Promise<Scope> {
  const folder = await mkdtemp(join(SHORT_TEMP, 'lp-'));
  const cleanups: (() => unknown)[] = [];
  let ending: Promise<void> | undefined;
  async function runCleanups(): Promise<void> {
    for (let cleanup = cleanups.pop(); cleanup !== undefined; cleanup = cleanups.pop()) {
      try {
        await cleanup();
      } catch (error) {
        // The other cleanups must run nevertheless.
        process.stderr.write(`chaos: ${(error as Error).message}\n`);
      }
    }
    await rm(folder, { recursive: true, force: true, maxRetries: 50 });
  }
  return {
    folder,
    defer: (cleanup) => cleanups.push(cleanup),
    end() {
      ending ??= runCleanups();
      return ending;
    },
  };
}
