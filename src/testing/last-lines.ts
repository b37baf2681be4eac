/** The last lines of a file that grows. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** How much of the file is read. */
export const MAX_BYTES: number = 256 * 1024;

export type LastLines = {
  /** Reads the file, unless it was kept. Without a file there are none. */
  lines(): readonly string[];
  /** Reads it for the last time: it may be removed then. */
  keep(): void;
};

export function readLastLines(path: string, maxBytes: number = MAX_BYTES): LastLines {
  let kept: readonly string[] | undefined;
  return {
    lines: () => kept ?? read(path, maxBytes),
    keep() {
      kept ??= read(path, maxBytes);
    },
  };
}

function read(path: string, maxBytes: number): string[] {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch {
    return [];
  }
  try {
    const { size } = fstatSync(fd);
    const from = Math.max(0, size - maxBytes);
    // One byte more tells whether the first line is a whole one.
    const before = Math.min(1, from);
    const bytes = Buffer.alloc(Math.min(size, maxBytes) + before);
    const lines = bytes.toString('utf8', 0, readSync(fd, bytes, 0, bytes.length, from - before)).split('\n');
    if (from > 0) lines.shift();
    if (lines.at(-1) === '') lines.pop();
    return lines;
  } finally {
    closeSync(fd);
  }
}
