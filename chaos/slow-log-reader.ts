/** A log whose reader stops again and again: an agent that waits for it would stop too. */
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { Random } from './random.ts';
import type { Scope } from './scope.ts';

const MAX_STOP_MS = 4_000;
const READ_BYTES = 256 * 1024;

/** A pipe for the standard error of an agent, which is read in bursts until the end of the run. */
export function startSlowLogReader(scope: Scope, random: Random): { wrap: string[] } {
  const path = join(scope.folder, 'log.pipe');
  execFileSync('mkfifo', [path]);
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  const buffer = Buffer.alloc(READ_BYTES);
  let timer: NodeJS.Timeout | undefined;
  const readSome = (): void => {
    try {
      readSync(fd, buffer);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
    timer = setTimeout(readSome, random.between(0, MAX_STOP_MS));
  };
  readSome();
  scope.defer(() => {
    clearTimeout(timer);
    closeSync(fd);
  });
  return { wrap: ['/bin/sh', '-c', `exec "$0" "$@" 2>"${path}"`] };
}
