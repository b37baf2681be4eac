/** The descriptions of `launchpool dev`: each is read in the background once its version is there. */
import { existsSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checksPath } from '../../description/checks-file.ts';
import { DESCRIPTION_FILE, descriptionText } from '../../description/description-file.ts';
import { onlyMethods } from '../../description/only-methods.ts';
import type { MethodForms, ModuleFacts } from '../../workers/task.ts';
import { checksCode } from '../checks/checks-code.ts';
import { describeModule } from '../describe/describe-module.ts';

export type DevDescription = {
  /** Describes a version, in place of the one before it. @param folder the version's folder. */
  begin(folder: string, facts: ModuleFacts, forms: MethodForms): void;
  /** Resolves when the descriptions so far are written, or cannot be. */
  written(): Promise<void>;
  /** Resolves when nothing is written any more. */
  end(): Promise<void>;
};

/** @param onReason called with the reason when the types have not been read; not again with the same one. */
export function createDevDescription(module: string, onReason: (reason: string) => void): DevDescription {
  let ending = new AbortController();
  let last: Promise<void> = Promise.resolve();
  let lastReason: string | undefined;

  async function describe(folder: string, facts: ModuleFacts, forms: MethodForms, signal: AbortSignal): Promise<void> {
    const read = await describeModule({ module, inBackground: true, signal });
    if (signal.aborted || !existsSync(folder)) return;
    const methods = facts.methods.map((name, index) => ({ name, ...(forms[index] ?? { arity: 0 }) }));
    const description = onlyMethods(read, methods);
    await write(join(folder, DESCRIPTION_FILE), descriptionText(description));
    // Behind the description, which says why arguments do not pass.
    await write(checksPath(folder), checksCode(description));
    if (read.reason !== undefined && read.reason !== lastReason) onReason(read.reason);
    lastReason = read.reason;
  }

  /** Whole at once. */
  async function write(path: string, text: string): Promise<void> {
    await writeFile(`${path}.unfinished`, text, { mode: 0o644 });
    await rename(`${path}.unfinished`, path);
  }

  return {
    begin(folder, facts, forms) {
      ending.abort();
      ending = new AbortController();
      const { signal } = ending;
      // A folder that is gone has no reader.
      last = last.then(() => describe(folder, facts, forms, signal)).catch(() => undefined);
    },
    written: () => last,
    end() {
      ending.abort();
      return last;
    },
  };
}
