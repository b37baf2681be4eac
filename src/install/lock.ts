/** One installation at a time in the folder of a label. */
import { closeSync, fstatSync, openSync, statSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { tryLock } from '../../libc/flock.ts';
import { LaunchpoolError } from '../../wire/errors.ts';

/** Between two looks at whether the other one is done. */
const POLL_MS = 100;
/** Whoever has it waits itself, for a module to be loaded, and for an agent to leave and to start. */
const TIMEOUT_MS = 180_000;

export type Unlock = () => void;

/**
 * Waits for whoever is at work in that folder. The folder itself is what is locked, so that nothing is left behind by
 * a process that was killed.
 * @param make makes the folder; where it is left out, one that is not there needs no lock.
 * @throws ERR_LAUNCHPOOL_INSTALL_FAILED when the other one takes too long
 */
export async function lockFolder(
  path: string,
  { make, timeoutMs = TIMEOUT_MS }: { make?: () => Promise<void>; timeoutMs?: number } = {},
): Promise<Unlock> {
  for (const deadline = Date.now() + timeoutMs; ; ) {
    await make?.();
    const fd = opened(path);
    if (fd === undefined) {
      if (make === undefined) return () => undefined;
      // Removed just now, by the one who had it.
      continue;
    }
    const isLocked = tryLock(fd);
    if (isLocked && isStillAt(path, fd)) return () => closeSync(fd);
    closeSync(fd);
    if (isLocked) continue;
    if (Date.now() >= deadline) {
      throw new LaunchpoolError('ERR_LAUNCHPOOL_INSTALL_FAILED', `somebody else is installing into ${path}`, {
        hint: 'Wait until that has ended, or end it, and try again.',
      });
    }
    await wait(POLL_MS);
  }
}

function opened(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whoever had the lock may have removed the folder, and somebody may have made another. */
function isStillAt(path: string, fd: number): boolean {
  const [there, own] = [statSync(path, { throwIfNoEntry: false }), fstatSync(fd)];
  return there?.ino === own.ino && there.dev === own.dev;
}
