/** A temporary folder of one test, short enough for socket paths, removed when the test ends. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';

export async function tempDir(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'lp-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
