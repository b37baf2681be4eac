/** The memory of processes. */
import { execFileSync } from 'node:child_process';

/** Resident memory of a process and all its descendants. Shared memory is counted in each. */
export function residentBytes(pid: number): number {
  const text = execFileSync('ps', ['-A', '-o', 'pid=', '-o', 'ppid=', '-o', 'rss='], { encoding: 'utf8' });
  const processes = text
    .trim()
    .split('\n')
    .map((line) => {
      const [id = 0, parent = 0, kib = 0] = line.trim().split(/\s+/).map(Number);
      return { id, parent, kib };
    });
  const below = (id: number): number =>
    processes
      .filter((process) => process.parent === id)
      .reduce((sum, process) => sum + process.kib * 1024 + below(process.id), 0);
  const own = processes.find((process) => process.id === pid);
  if (own === undefined) throw new Error(`process ${pid} has exited`);
  return own.kib * 1024 + below(pid);
}
