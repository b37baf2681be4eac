/** The description of test/fixtures/describe/constructs.ts. */
import { readFile } from 'node:fs/promises';
import type { Description } from '../../description/description.ts';
import { describeModule } from '../../src/describe/describe-module.ts';
import { fixture } from './agent.ts';

export const CONSTRUCTS: string = fixture('describe/constructs.ts');
/** A loaded machine needs many times what an idle one needs. */
export const DESCRIBE_TIMEOUT_MS = 100_000;

/** What test/run.ts has described for all files of tests, or a description of its own. */
export async function describedConstructs(): Promise<Description> {
  const path = process.env.LAUNCHPOOL_TEST_CONSTRUCTS;
  if (path !== undefined) return JSON.parse(await readFile(path, 'utf8'));
  return describeModule({ module: CONSTRUCTS, timeoutMs: DESCRIBE_TIMEOUT_MS });
}
