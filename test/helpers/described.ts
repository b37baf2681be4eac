/** Descriptions of modules that many test files share: a compiler takes seconds. */
import { existsSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Description } from '../../description/description.ts';
import { describeModule } from '../../src/describe/describe-module.ts';
import { fixture } from './agent.ts';

export const CONSTRUCTS: string = fixture('describe/constructs.ts');
export const TOOLS_AGENT: string = fixture('agents/tools.ts');
/** A loaded machine needs many times what an idle one needs. */
export const DESCRIBE_TIMEOUT_MS = 100_000;

const fileIn = (folder: string, module: string): string => join(folder, `${basename(module)}.json`);

/** What test/run.ts has had described, or a description of its own. */
export async function describedModule(module: string): Promise<Description> {
  const folder = process.env.LAUNCHPOOL_TEST_DESCRIPTIONS;
  const path = folder === undefined ? undefined : fileIn(folder, module);
  if (path !== undefined && existsSync(path)) return JSON.parse(await readFile(path, 'utf8'));
  return describeModule({ module, timeoutMs: DESCRIBE_TIMEOUT_MS });
}

export const describedConstructs = (): Promise<Description> => describedModule(CONSTRUCTS);

/** For the whole run. A module without a description has none here: the tests report the reason. */
export async function describeAll(folder: string): Promise<void> {
  for (const module of [CONSTRUCTS, TOOLS_AGENT]) {
    const description = await describeModule({ module, timeoutMs: DESCRIBE_TIMEOUT_MS });
    if (description.reason === undefined) writeFileSync(fileIn(folder, module), JSON.stringify(description));
  }
}
