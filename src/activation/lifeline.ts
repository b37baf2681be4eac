/**
 * The pipe between the embedded activator and the agent it has started. It ends when either process is gone, however
 * that happened, and it carries what the activator wants to know: the files to watch, one JSON line at a time.
 */
import { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { LIFELINE_VARIABLE } from './lifeline-variable.ts';

/** Takes the variable out of the environment. */
export function takeLifeline(env: Record<string, string | undefined>): number | undefined {
  const value = env[LIFELINE_VARIABLE];
  delete env[LIFELINE_VARIABLE];
  return value !== undefined && /^\d{1,6}$/.test(value) ? Number(value) : undefined;
}

export type Lifeline = {
  /** Names files that the activator should watch. */
  report(files: readonly string[]): void;
};

/** The agent's end. Does not keep the process alive. */
export function holdLifeline(fd: number, onGone: () => void): Lifeline {
  const socket = new Socket({ fd, readable: true, writable: true });
  socket.on('error', () => socket.destroy());
  socket.on('close', onGone);
  socket.resume();
  socket.unref();
  return { report: (files) => socket.write(`${JSON.stringify(files)}\n`) };
}

/** The activator's end. */
export function readLifeline(stream: Readable, onFiles: (files: string[]) => void): void {
  stream.on('error', () => stream.destroy());
  createInterface({ input: stream }).on('line', (line) => onFiles(filesOf(line)));
}

function filesOf(line: string): string[] {
  try {
    const files: unknown = JSON.parse(line);
    return Array.isArray(files) ? files.filter((file) => typeof file === 'string') : [];
  } catch {
    // The module has the descriptor too, and may write what it likes.
    return [];
  }
}
