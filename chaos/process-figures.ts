/** What a process takes: memory, descriptors, threads. */
import { readdirSync, readFileSync } from 'node:fs';

export type ProcessFigures = { rssBytes: number; descriptors: number; threads: number };

/** Undefined where there is no /proc, or no such process. */
export function readProcess(pid: number | undefined): ProcessFigures | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const numberOf = (field: string): number => Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
    return {
      rssBytes: numberOf('VmRSS') * 1024,
      descriptors: readdirSync(`/proc/${pid}/fd`).length,
      threads: numberOf('Threads'),
    };
  } catch {
    return undefined;
  }
}

/** For people: MiB, with one place. */
export function mebibytes(bytes: number): number {
  return Math.round((bytes / 2 ** 20) * 10) / 10;
}
