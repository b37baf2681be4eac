/** A temporary folder of one test, short enough for socket paths, removed when the test ends. */
import { realpathSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';

/**
 * The folder of temporary folders, whatever TMPDIR is: that of a Mac has 49 bytes, and a socket in a home folder below it
 * would have more than its 103. A real path, since /tmp is a link there, and modules see real paths.
 */
export const SHORT_TEMP: string = realpathSync('/tmp');

export async function tempDir(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(SHORT_TEMP, 'lp-'));
  t.teardown(() => removeFolder(folder));
  return folder;
}

/** Removes a folder in which an agent that is about to end may still write: a removal that meets a new file is repeated. */
export function removeFolder(folder: string): Promise<void> {
  return rm(folder, { recursive: true, force: true, maxRetries: 50, retryDelay: 20 });
}
