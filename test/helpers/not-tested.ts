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

/** Thrown by a helper that this machine cannot offer; the message is the reason. See {@link declareWith}. */
export class NotTested extends Error {}

type Body = (t: ExecutionContext) => unknown;

/** @param declare such as `test.serial`. @returns the same, for tests whose helpers may throw NotTested. */
export function declareWith(declare: (title: string, body: Body) => void): (title: string, body: Body) => void {
  return (title, body) =>
    declare(title, async (t) => {
      try {
        await body(t);
      } catch (error) {
        if (!(error instanceof NotTested)) throw error;
        notTested(t, error.message);
      }
    });
}
