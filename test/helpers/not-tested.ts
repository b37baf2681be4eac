/** How a test says that it could not test anything, so that nobody takes it for one that has. */
import { appendFileSync } from 'node:fs';
import type { ExecutionContext } from 'ava';

/** Passes, and has the reason stand in the list at the end of the run: see test/run.ts. */
export function notTested(t: ExecutionContext, why: string): void {
  const list = process.env.LAUNCHPOOL_NOT_TESTED;
  if (list !== undefined) appendFileSync(list, `${t.title}: ${why}\n`);
  t.log(`NOT TESTED: ${why}`);
  t.pass();
}
