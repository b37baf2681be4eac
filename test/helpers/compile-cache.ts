/** The cache that Node keeps for the process of these tests: see without-compile-cache.ts. */
import { getCompileCacheDir } from 'node:module';
import { dirname } from 'node:path';

/** With these variables, a program from the sources finds them without types, as this process has found them. */
export const COMPILE_CACHE: NodeJS.ProcessEnv = environment();

function environment(): NodeJS.ProcessEnv {
  // Node adds a folder for its version.
  const folder = getCompileCacheDir();
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: dirname(folder) };
}
