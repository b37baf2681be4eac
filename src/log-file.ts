/** Keeps a log file from growing for ever, when it is what a supervisor has given the process as standard error. */
import { constants, copyFileSync, ftruncateSync, renameSync, statSync } from 'node:fs';

/** So many older ones are kept, as `<path>.1` and so on, the latest first. */
const KEPT = 3;

const STDERR = 2;

/**
 * Copies the file away and empties it, rather than giving it another name: the supervisor has opened it, with O_APPEND,
 * for this process and its children, none of which can be told of another. What the threads say goes through the main
 * thread, which is here, so nothing is written between the two.
 * @param maxBytes so long it may become.
 * @returns whether it was so long.
 * @throws what the file system has against it.
 */
export function rotateLog(path: string, maxBytes: number = 10 * 1024 * 1024, fd: number = STDERR): boolean {
  if (statSync(path).size <= maxBytes) return false;
  for (let number = KEPT; number > 1; number -= 1) rename(`${path}.${number - 1}`, `${path}.${number}`);
  copyFileSync(path, `${path}.1`, constants.COPYFILE_FICLONE);
  ftruncateSync(fd);
  return true;
}

function rename(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
