/** A running contender: ready for requests, with the process whose memory is measured. */
import { join } from 'node:path';
import type { Contender, Setting } from './line-up-entry.ts';
import { start } from './processes.ts';

const READY_MS = 30_000;

export type RunningContender = { socketPath: string; pid: number; close(): Promise<void> };

let started = 0;

export function nextSocketPath(folder: string): string {
  started += 1;
  return join(folder, `${started}.sock`);
}

/** @param folder for its socket. */
export async function startContender(
  contender: Contender,
  folder: string,
  setting: Omit<Setting, 'socketPath'>,
): Promise<RunningContender> {
  const socketPath = nextSocketPath(folder);
  const running = start(contender.command({ ...setting, socketPath }), contender.env());
  const late = setTimeout(() => running.child.kill('SIGKILL'), READY_MS);
  try {
    const line = await running.firstLine;
    const pid = /^ready (\d+)$/.exec(line)?.[1];
    if (pid === undefined) throw new Error(`${contender.name} printed ${JSON.stringify(line)} instead of "ready"`);
    return { socketPath, pid: Number(pid), close: () => running.close() };
  } catch (error) {
    await running.close();
    throw error;
  } finally {
    clearTimeout(late);
  }
}
