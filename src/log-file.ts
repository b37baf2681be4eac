/** Keeps a log file from growing for ever, when it is what a supervisor has given the process as standard error. */
import { constants, copyFileSync, fstatSync, ftruncateSync, renameSync, rmSync, statSync } from 'node:fs';

/** So many older ones are kept, as `<path>.1` and so on, the latest first. */
const KEPT_FILES = 3;

const STDERR = 2;

/**
 * Copies the file away and empties it, rather than giving it another name: the supervisor has opened it, with O_APPEND,
 * for this process and its children, none of which can be told of another. What the threads say goes through the main
 * thread, which is here, so nothing is written between the two.
 * @param maxBytes so long it may become.
 * @returns whether it was so long. A file that somebody has moved away or replaced is nobody's to be emptied.
 * @throws what the file system has against it. Then everything is as it was.
 */
export function rotateLog(path: string, maxBytes: number = 10 * 1024 * 1024, fd: number = STDERR): boolean {
  const [found, own] = [statSync(path, { throwIfNoEntry: false }), fstatSync(fd)];
  if (found?.ino !== own.ino || found.dev !== own.dev || own.size <= maxBytes) return false;
  const copy = `${path}.new`;
  try {
    copyFileSync(path, copy, constants.COPYFILE_FICLONE);
    // Not before there is a copy: on a full disk, each attempt would cost one of the older ones.
    for (let number = KEPT_FILES; number > 1; number -= 1) rename(`${path}.${number - 1}`, `${path}.${number}`);
    renameSync(copy, `${path}.1`);
  } catch (error) {
    rmSync(copy, { force: true });
    throw error;
  }
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
