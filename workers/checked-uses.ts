/** Records what a module looks for while it is checked, to find what an installation leaves behind. */
import { existsSync, realpathSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { observeFiles } from './file-uses.ts';
import type { CheckedUses } from './task.ts';

/** More are not of use to a person. */
const MAX_USES = 1_000;

/**
 * @param version the folder of the version that is checked: what is there is not reported.
 * @returns the function that ends the record.
 */
export function recordUses(version: string): () => CheckedUses {
  // Not the function that is observed.
  const isThere = existsSync;
  const own = join(realpathSync(version), '/');
  const paths = new Set<string>();
  const imports = new Map<string, CheckedUses['imports'][number]>();
  registerHooks({
    resolve(specifier, context, nextResolve) {
      try {
        return nextResolve(specifier, context);
      } catch (error) {
        const { parentURL = '' } = context;
        if (parentURL.startsWith('file:') && imports.size < MAX_USES) {
          const folder = dirname(fileURLToPath(parentURL));
          imports.set(`${specifier} ${folder}`, { specifier, folder });
        }
        throw error;
      }
    },
  });
  observeFiles((use, path) => {
    if (use === 'written' || use === 'made' || paths.size === MAX_USES) return;
    // Asked now, since the module may change its working folder, or remove the file.
    if (!isAbsolute(path) || !path.startsWith(own) || !isThere(path)) paths.add(path);
  });
  return () => ({ paths: [...paths], imports: [...imports.values()] });
}
