/**
 * The lifeline: a pipe between an embedded holder and the agent that it has started. It closes when either process ends,
 * for any reason. Through it the agent reports its files, one JSON object per line.
 */

import { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { FileReport } from '../../wire/file-report.ts';
import { LIFELINE_VARIABLE } from './lifeline-variable.ts';

/** Removes the variable from the environment and returns the descriptor. */
export function takeLifeline(env: Record<string, string | undefined>): number | undefined {
  const value = env[LIFELINE_VARIABLE];
  delete env[LIFELINE_VARIABLE];
  return value !== undefined && /^\d{1,6}$/.test(value) ? Number(value) : undefined;
}

export type Lifeline = {
  /** Reports files for the holder to watch, and files whose changes are the agent's own. */
  report(report: FileReport): void;
};

/** The agent's end, which does not keep the process alive. @param onClose called when the holder has ended. */
export function holdLifeline(fd: number, onClose: () => void): Lifeline {
  const socket = new Socket({ fd, readable: true, writable: true });
  socket.on('error', () => socket.destroy());
  socket.on('close', onClose);
  socket.resume();
  socket.unref();
  return { report: (report) => socket.write(`${JSON.stringify(report)}\n`) };
}

/** The holder's end. */
export function readLifeline(stream: Readable, onFiles: (report: FileReport) => void): void {
  stream.on('error', () => stream.destroy());
  createInterface({ input: stream }).on('line', (line) => onFiles(reportOf(line)));
}

/** The agent's module has the descriptor too, and can write anything. */
function reportOf(line: string): FileReport {
  try {
    const { files, written, since } = Object(JSON.parse(line));
    return { files: stringsOf(files), written: stringsOf(written), since: Number(since) };
  } catch {
    return { files: [], written: [], since: 0 };
  }
}

function stringsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}
