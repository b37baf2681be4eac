/** The processor time of the main thread of a process. */
import { readFileSync } from 'node:fs';

/** Clock ticks of proc_pid_stat(5) in a second: sysconf(_SC_CLK_TCK) is 100 on every Linux that Node supports. */
const TICKS_PER_SECOND = 100;

/** In milliseconds; undefined without /proc, and for a process that does not exist. */
export function mainThreadMs(pid: number | undefined): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/task/${pid}/stat`, 'utf8');
    // The name of the thread, in brackets, may contain spaces; utime and stime are the 14th and the 15th field.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND;
  } catch {
    return undefined;
  }
}
