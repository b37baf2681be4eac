/** What has to be undone at the end of a run, however the end comes, and a folder for it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type Scope = {
  /** Short enough for socket paths; removed at the end. */
  readonly folder: string;
  defer(undo: () => unknown): void;
  /** Undoes all, the last first. Further calls wait for the same. */
  end(): Promise<void>;
};

export async function createScope(): Promise<Scope> {
  const folder = await mkdtemp(join(tmpdir(), 'lp-'));
  const undoes: (() => unknown)[] = [];
  let ending: Promise<void> | undefined;
  async function undoAll(): Promise<void> {
    for (let undo = undoes.pop(); undo !== undefined; undo = undoes.pop()) {
      try {
        await undo();
      } catch (error) {
        // What comes after must be undone all the same.
        process.stderr.write(`chaos: ${(error as Error).message}\n`);
      }
    }
    await rm(folder, { recursive: true, force: true });
  }
  return {
    folder,
    defer: (undo) => undoes.push(undo),
    end() {
      ending ??= undoAll();
      return ending;
    },
  };
}
