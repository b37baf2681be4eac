/** Rotates the log file that a supervisor has opened as standard error. */
import { constants, copyFileSync, fstatSync, ftruncateSync, renameSync, rmSync, statSync } from 'node:fs';

/** The number of older files, `<path>.1` and so on, the latest first. */
const KEPT_FILES = 3;

const STDERR = 2;
/** The size above which a log is rotated. */
const MAX_BYTES = 10 * 1024 * 1024;
/** After a rotation that failed, this many bytes more are written before the next attempt. */
const RETRY_BYTES = 1024 * 1024;

export type Rotation = {
  /** To be called for each write of this process. Rotates at once, as no timer is in time for a flood of lines. */
  wrote(bytes: number): void;
  /** Finds also what other writers have written: native code, child processes, and modules that write to descriptor 2. */
  check(): void;
};

export type RotationOptions = {
  path: string;
  onFailed: (error: unknown) => void;
  /** @default 10 MiB */
  maxBytes?: number;
  /** @default standard error */
  fd?: number;
};

/** Counts the bytes of a log, and rotates it when there are too many. */
export function createRotation({ path, onFailed, maxBytes = MAX_BYTES, fd = STDERR }: RotationOptions): Rotation {
  let bytes = 0;

  function check(): void {
    let failure: unknown;
    try {
      rotateLog(path, maxBytes, fd);
    } catch (error) {
      failure = error;
    }
    bytes = fstatSync(fd).size;
    // Also for a file that was moved, which stays as it is.
    if (bytes > maxBytes) bytes = maxBytes - Math.min(RETRY_BYTES, maxBytes);
    if (failure !== undefined) onFailed(failure);
  }

  check();
  return {
    wrote(count) {
      bytes += count;
      if (bytes > maxBytes) check();
    },
    check,
  };
}

/**
 * Copies the file and truncates it. A rename does not work: the supervisor has opened the file with O_APPEND for this
 * process and its children, which would keep writing to the renamed file. Threads write through the main thread, which
 * runs this function, so no line is written between copy and truncation.
 * @param maxBytes the size above which the file is rotated.
 * @returns whether the file was rotated. A moved or replaced file is left alone.
 * @throws errors of the file system, without a change.
 */
export function rotateLog(path: string, maxBytes: number = MAX_BYTES, fd: number = STDERR): boolean {
  const [current, own] = [statSync(path, { throwIfNoEntry: false }), fstatSync(fd)];
  if (current?.ino !== own.ino || current.dev !== own.dev || own.size <= maxBytes) return false;
  const copy = `${path}.new`;
  try {
    copyFileSync(path, copy, constants.COPYFILE_FICLONE);
    // After the copy: on a full disk, each attempt would otherwise delete an older file.
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
