/**
 * The file with the checks of a version's methods, beside its description: code that `install` and `dev` make of the schemas
 * (src/checks/), and a thread loads with the module. It loads nothing else.
 */
import { join } from 'node:path';

export const CHECKS_FILE = 'launchpool-checks.cjs';

/** What the file exports. */
export type Checks = {
  /** Changes when a reader of the earlier format could misread it. */
  format: 1;
  /**
   * By the names of methods: whether arguments have the types of the parameters. Methods whose parameters take everything
   * have none. Throws for arguments that are nested too deeply to be checked, or take too long.
   */
  methods: Readonly<Record<string, (args: readonly unknown[]) => boolean>>;
};

/** @param folder the root of the version. */
export function checksPath(folder: string): string {
  return join(folder, CHECKS_FILE);
}
