/** Finds processes by a variable of their environment, which their children inherit. Linux has it in /proc. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** Whether this system has what is read here. Elsewhere no process is found. */
export const CAN_FIND_PROCESSES: boolean = existsSync('/proc/self/environ');

/** The ids of all processes that have the text in their environment, but not of those that have ended. */
export function processesWith(text: string): number[] {
  if (!CAN_FIND_PROCESSES) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => environmentOf(pid).includes(text))
    .map(Number);
}

function environmentOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1');
  } catch {
    // It has ended, or belongs to another user.
    return '';
  }
}
