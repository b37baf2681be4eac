/** The time limit for the end of a load. */
import { setTimeout as wait } from 'node:timers/promises';

/** A request that is open this long after the end of the load counts as a request without an outcome. */
export const STOP_TIMEOUT_MS = 30_000;

/** Resolves with whether all loads stop within the time limit. A load that does not is a fault. */
export async function stopInTime(
  loads: readonly Promise<unknown>[],
  addFault: (fault: string) => void,
): Promise<boolean> {
  const timeout = new AbortController();
  const stopped = Promise.all(loads).then(() => true);
  const inTime = await Promise.race([stopped, wait(STOP_TIMEOUT_MS, false, { signal: timeout.signal })]);
  timeout.abort();
  if (!inTime) addFault('the load does not stop');
  return inTime;
}
