/** Reads the memory, descriptors and threads of a process. */
import { readdirSync, readFileSync } from 'node:fs';

export type ProcessFigures = { rssBytes: number; descriptors: number; threads: number };

/** Undefined without /proc, and for a process that does not exist. */
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

/** Converts bytes to MiB with one decimal place. */
export function mebibytes(bytes: number): number {
  return Math.round((bytes / 2 ** 20) * 10) / 10;
}
