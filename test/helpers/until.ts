/** For conditions without an event. */
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

/** Longer than any condition takes on a loaded machine. A test that would wait for ever then says what it waits for. */
const HANG_MS = 5 * 60_000;

/**
 * Resolves when the predicate returns true. Calls it again and again.
 * @throws Error with the source of the predicate, after five minutes.
 */
export async function until(predicate: () => boolean | Promise<boolean>): Promise<void> {
  const start = performance.now();
  while (!(await predicate())) {
    if (performance.now() - start > HANG_MS) throw new Error(`for five minutes, this was not true: ${predicate}`);
    await wait(5);
  }
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
