/** How long a load may take to come to its end. */
import { setTimeout as wait } from 'node:timers/promises';

/** Whatever is without an outcome so long after the end has none. */
export const TIMEOUT_MS = 30_000;

/** Whether all of it has stopped in time; that it has not is a fault. */
export async function hasStopped(loads: readonly Promise<unknown>[], fault: (what: string) => void): Promise<boolean> {
  const late = new AbortController();
  const stopped = Promise.all(loads).then(() => true);
  const inTime = await Promise.race([stopped, wait(TIMEOUT_MS, false, { signal: late.signal })]);
  late.abort();
  if (!inTime) fault('the load does not stop');
  return inTime;
}
