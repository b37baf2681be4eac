/** For what nobody tells of. */
import { setTimeout as wait } from 'node:timers/promises';

/** Resolves when it is so. It is looked at again and again. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await wait(5);
}

/** Between two looks of which each starts a process: more of them would only keep from its work what is waited for. */
export const RECHECK_MS = 100;
