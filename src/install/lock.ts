/** The lock of an agent's folder: one installation at a time for a label. */
import { closeSync, fstatSync, openSync, statSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { tryLock } from '../../libc/flock.ts';
import { LaunchpoolError } from '../../wire/errors.ts';

const POLL_MS = 100;
/** The holder of the lock waits itself: twice for a module to load, and for agents to exit and to start. */
const TIMEOUT_MS = 300_000;

export type Unlock = () => void;

/** Returned for a missing folder, which keeps no other process out. */
export const NOT_LOCKED: Unlock = () => undefined;

export type LockOptions = {
  /** Makes the folder. Without it, a missing folder needs no lock. */
  make?: () => Promise<void>;
  /** @default 300000 */
  timeoutMs?: number;
  /** The interval between two attempts. @default 100 */
  pollMs?: number;
};

/**
 * Waits for the lock. The folder itself is locked, so a killed process leaves no lock behind.
 * @throws ERR_LAUNCHPOOL_INSTALL_FAILED if another process holds the lock too long
 */
export async function lockFolder(
  path: string,
  { make, timeoutMs = TIMEOUT_MS, pollMs = POLL_MS }: LockOptions = {},
): Promise<Unlock> {
  for (const deadline = Date.now() + timeoutMs; ; ) {
    await make?.();
    const fd = opened(path);
    if (fd === undefined) {
      if (make === undefined) return NOT_LOCKED;
      // The process that had the lock removed the folder.
      continue;
    }
    const isLocked = tryLock(fd);
    if (isLocked && isStillAt(path, fd)) return () => closeSync(fd);
    closeSync(fd);
    if (isLocked) continue;
    if (Date.now() >= deadline) {
      throw new LaunchpoolError('ERR_LAUNCHPOOL_INSTALL_FAILED', `another installation is at work in ${path}`, {
        hint: 'Wait until the other installation ends, or stop it, and try again.',
      });
    }
    await wait(pollMs);
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

/** The process that had the lock may have removed the folder, and another process may have made a new one. */
function isStillAt(path: string, fd: number): boolean {
  const [there, own] = [statSync(path, { throwIfNoEntry: false }), fstatSync(fd)];
  return there?.ino === own.ino && there.dev === own.dev;
}
