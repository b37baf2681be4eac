/** The descriptions of `launchpool dev`: each is read in the background once its version is there. */
import { existsSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DESCRIPTION_FILE, descriptionText } from '../../description/description-file.ts';
import { onlyMethods } from '../../description/only-methods.ts';
import type { Arities, ModuleFacts } from '../../workers/task.ts';
import { describeModule } from '../describe/describe-module.ts';

export type DevDescription = {
  /** Describes a version, in place of the one before it. @param folder the version's folder. */
  begin(folder: string, facts: ModuleFacts, arities: Arities): void;
  /** Resolves when nothing is written any more. */
  end(): Promise<void>;
};

/** @param onReason called with the reason when the types have not been read; not again with the same one. */
export function createDevDescription(module: string, onReason: (reason: string) => void): DevDescription {
  let ending = new AbortController();
  let last: Promise<void> = Promise.resolve();
  let lastReason: string | undefined;

  async function describe(folder: string, facts: ModuleFacts, arities: Arities, signal: AbortSignal): Promise<void> {
    const read = await describeModule({ module, inBackground: true, signal });
    if (signal.aborted || !existsSync(folder)) return;
    const methods = facts.methods.map((name, index) => ({ name, arity: arities[index] ?? 0 }));
    const path = join(folder, DESCRIPTION_FILE);
    await writeFile(`${path}.unfinished`, descriptionText(onlyMethods(read, methods)));
    await rename(`${path}.unfinished`, path);
    if (read.reason !== undefined && read.reason !== lastReason) onReason(read.reason);
    lastReason = read.reason;
  }

  return {
    begin(folder, facts, arities) {
      ending.abort();
      ending = new AbortController();
      const { signal } = ending;
      // A folder that is gone has no reader.
      last = last.then(() => describe(folder, facts, arities, signal)).catch(() => undefined);
    },
    end() {
      ending.abort();
      return last;
    },
  };
}
