/** How a test reports that it tested nothing, so that its success is not mistaken for a result. */
import { appendFileSync } from 'node:fs';
import type { ExecutionContext } from 'ava';

/** Passes, and adds the reason to the list at the end of the run: see test/run.ts. */
export function notTested(t: ExecutionContext, reason: string): void {
  const list = process.env.LAUNCHPOOL_NOT_TESTED;
  if (list !== undefined) appendFileSync(list, `${t.title}: ${reason}\n`);
  t.log(`NOT TESTED: ${reason}`);
  t.pass();
}
