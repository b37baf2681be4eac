/** For conditions without an event. */
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

/** Resolves when the predicate returns true. Calls it again and again. */
export async function until(predicate: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await predicate())) await wait(5);
}

/** Resolves with the text of a file once it has some: a file exists before its first bytes are written. */
export async function untilWritten(path: string): Promise<string> {
  let text = '';
  await until(() => {
    if (existsSync(path)) text = readFileSync(path, 'utf8');
    return text !== '';
  });
  return text;
}

/** The time between two checks that each start a process, in milliseconds: more of them would slow the awaited work. */
export const RECHECK_MS = 100;
