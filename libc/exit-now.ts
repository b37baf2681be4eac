/** Ends the process where its threads do not let Node do so. */
import koffi from 'koffi';

/**
 * Node ends a process when its threads have ended, and a thread in native code ends when that returns, or never. _exit(2)
 * does not ask them. A signal would do the same, but is a crash to whoever supervises this process.
 */
export function exitAtOnce(status: number): void {
  try {
    process.emit('exit', status);
  } finally {
    koffi.load(null).func('void _exit(int status)')(status);
  }
}
