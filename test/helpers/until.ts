/** For conditions without an event. */
import { setTimeout as wait } from 'node:timers/promises';

/** Resolves when the predicate returns true. Calls it again and again. */
export async function until(predicate: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await predicate())) await wait(5);
}

/** The time between two checks that each start a process, in milliseconds: more of them would slow the awaited work. */
export const RECHECK_MS = 100;
