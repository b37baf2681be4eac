/** Ends the process while threads keep Node from ending it. */
import { loadLibrary } from './library.ts';

/**
 * Node ends a process after its threads have ended, and a thread in native code ends when that code returns, or never.
 * _exit(2) does not wait for threads. A signal would not either, but the supervisor takes it for a crash.
 */
export function exitAtOnce(status: number): void {
  try {
    process.emit('exit', status);
  } finally {
    loadLibrary().func('void _exit(int status)')(status);
  }
}
