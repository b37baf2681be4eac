/** The version and the folder of this package. */
import { createRequire } from 'node:module';
import { dirname } from 'node:path';

/** Defined by build/runtime.ts: an installed agent has no package.json. */
declare const LAUNCHPOOL_VERSION: string | undefined;

export function packageVersion(): string {
  if (typeof LAUNCHPOOL_VERSION === 'string') return LAUNCHPOOL_VERSION;
  // A package may import itself by its name, wherever its built files are.
  return createRequire(import.meta.url)('launchpool/package.json').version;
}

/** Not in an installed agent, which has no package. */
export function packageFolder(): string {
  return dirname(createRequire(import.meta.url).resolve('launchpool/package.json'));
}
