/**
 * The lifeline: a pipe between an embedded holder and the agent that it has started. It closes when either process ends,
 * for any reason. Through it the agent reports the files to watch, one JSON array per line.
 */
import { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { LIFELINE_VARIABLE } from './lifeline-variable.ts';

/** Removes the variable from the environment and returns the descriptor. */
export function takeLifeline(env: Record<string, string | undefined>): number | undefined {
  const value = env[LIFELINE_VARIABLE];
  delete env[LIFELINE_VARIABLE];
  return value !== undefined && /^\d{1,6}$/.test(value) ? Number(value) : undefined;
}

export type Lifeline = {
  /** Reports files for the holder to watch. */
  report(files: readonly string[]): void;
};

/** The agent's end, which does not keep the process alive. @param onClose called when the holder has ended. */
export function holdLifeline(fd: number, onClose: () => void): Lifeline {
  const socket = new Socket({ fd, readable: true, writable: true });
  socket.on('error', () => socket.destroy());
  socket.on('close', onClose);
  socket.resume();
  socket.unref();
  return { report: (files) => socket.write(`${JSON.stringify(files)}\n`) };
}

/** The holder's end. */
export function readLifeline(stream: Readable, onFiles: (files: string[]) => void): void {
  stream.on('error', () => stream.destroy());
  createInterface({ input: stream }).on('line', (line) => onFiles(filesOf(line)));
}

function filesOf(line: string): string[] {
  try {
    const files: unknown = JSON.parse(line);
    return Array.isArray(files) ? files.filter((file) => typeof file === 'string') : [];
  } catch {
    // The agent's module has the descriptor too, and can write anything.
    return [];
  }
}
