/**
 * The output of the log and of the module's console: writes to standard output and error without ever waiting for their
 * reader, such as a paused terminal. What the reader does not take waits in a bounded buffer; further lines are dropped
 * and counted.
 */
import { closeSync, constants, fstatSync, openSync, type Stats, writeSync } from 'node:fs';

/** The largest number of bytes that wait for the reader of an output. */
export const MAX_WAITING_BYTES: number = 1024 * 1024;
/** Between two attempts to write what waits, in milliseconds. */
const RETRY_MS = 50;
/** How long an exit waits for a reader that takes nothing, in milliseconds. */
const EXIT_WAIT_MS = 250;
const EXIT_RETRY_MS = 5;
/** A pipe that poll(2) calls writable takes this many bytes at once: PIPE_BUF. */
const PIPE_BYTES = process.platform === 'linux' ? 4096 : 512;
/** A file is written in parts, so that its size is checked in between. */
const FILE_BYTES = 1024 * 1024;
/** Errors of an output that has no reader any more. */
const GONE: ReadonlySet<string | undefined> = new Set(['EPIPE', 'EBADF', 'ECONNRESET', 'ENXIO']);

/**
 * Takes some of the bytes without waiting, perhaps none.
 * @param isExit whether the process exits.
 * @returns how many bytes it has taken.
 * @throws errors of the output
 */
export type Sink = (bytes: Uint8Array, isExit: boolean) => number;

export type LogOutput = {
  /** Never waits, and never throws. */
  write(text: string | Uint8Array): void;
  /** Counts lines that were dropped before they came here. */
  countDropped(lines: number): void;
  /** Writes what waits, for the exit of the process. Waits a short time for a slow reader. */
  end(): void;
  /** Called with the number of lines that were dropped, when the reader takes lines again. */
  onDropped: (lines: number) => void;
  /** Called with the number of bytes that were written. */
  onWritten: (bytes: number) => void;
};

/** @param openSink is called for the first line. */
export function createLogOutput(openSink: () => Sink, maxBytes: number = MAX_WAITING_BYTES): LogOutput {
  let sink: Sink | undefined;
  const waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  let dropped = 0;
  let timer: NodeJS.Timeout | undefined;
  let isExit = false;

  function taken(bytes: Uint8Array): number {
    try {
      sink ??= openSink();
      const count = sink(bytes, isExit);
      if (count > 0) output.onWritten(count);
      return count;
    } catch (error) {
      // A full disk may have room again later; an output without a reader never takes anything.
      return GONE.has((error as NodeJS.ErrnoException).code) ? bytes.length : 0;
    }
  }

  function keep(bytes: Uint8Array): void {
    timer ??= setInterval(flush, RETRY_MS).unref();
    const room = maxBytes - waitingBytes;
    if (bytes.length > room) dropped += linesIn(bytes);
    else {
      // The caller may use its memory again.
      waiting.push(Uint8Array.from(bytes));
      waitingBytes += bytes.length;
    }
  }

  function flush(): void {
    while (waiting.length > 0) {
      const first = waiting[0] as Uint8Array;
      const count = taken(first);
      waitingBytes -= count;
      if (count === first.length) waiting.shift();
      else {
        waiting[0] = first.subarray(count);
        if (count === 0) return;
      }
    }
    clearInterval(timer);
    timer = undefined;
    if (dropped === 0) return;
    const lines = dropped;
    dropped = 0;
    output.onDropped(lines);
  }

  const output: LogOutput = {
    onDropped: () => undefined,
    onWritten: () => undefined,
    write(text) {
      const bytes = typeof text === 'string' ? Buffer.from(text) : text;
      let at = 0;
      if (waiting.length === 0) {
        for (let count = -1; at < bytes.length && count !== 0; at += count) count = taken(bytes.subarray(at));
      }
      if (at === bytes.length) return;
      const rest = bytes.subarray(at);
      // A part of the line is written: the line gets an end.
      if (at > 0 && rest.length > maxBytes) {
        keep(rest.subarray(0, maxBytes - 1));
        keep(LINE_END);
        dropped += linesIn(rest);
      } else keep(rest);
    },
    countDropped(lines) {
      dropped += lines;
      // Otherwise they are reported when the reader has taken what waits: the report itself might be dropped now.
      if (waiting.length === 0) flush();
    },
    end() {
      isExit = true;
      flush();
      for (const deadline = Date.now() + EXIT_WAIT_MS; waiting.length > 0 && Date.now() < deadline; flush()) {
        Atomics.wait(NEVER, 0, 0, EXIT_RETRY_MS);
      }
      clearInterval(timer);
    },
  };
  return output;
}

const LINE_END = Buffer.from('\n');
const NEVER = new Int32Array(new SharedArrayBuffer(4));

function linesIn(bytes: Uint8Array): number {
  let lines = 0;
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) lines += 1;
  return Math.max(1, lines);
}

/**
 * How a descriptor is written without waiting depends on its kind. O_NONBLOCK on the inherited descriptor would also
 * change it for the other processes that have it, such as a shell.
 */
export function openSinkOf(fd: number): Sink {
  const stats = fstatSync(fd);
  // The kernel takes it without a reader.
  if (stats.isFile()) return (bytes) => writeSync(fd, bytes, 0, Math.min(bytes.length, FILE_BYTES));
  const own = stats.isSocket() ? undefined : reopened(fd, stats);
  return own === undefined ? polled(fd) : (bytes) => written(own, bytes);
}

/** The same pipe or device by a descriptor of its own, where /proc has one; macOS has copies of descriptors only. */
function reopened(fd: number, { dev, ino }: Stats): number | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;
    const own = openSync(`/proc/self/fd/${fd}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
    const stats = fstatSync(own);
    if (stats.ino === ino && stats.dev === dev) return own;
    closeSync(own);
  } catch {
    // Another user's pipe, or a pipe without a reader.
  }
  return undefined;
}

function written(fd: number, bytes: Uint8Array): number {
  try {
    return writeSync(fd, bytes);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return 0;
    throw error;
  }
}

/**
 * Writes only as much as poll(2) promises. The native code for that is loaded with the first line; a process that exits
 * before writes nevertheless, since it would lose its reason.
 */
function polled(fd: number): Sink {
  let isWritable: ((fd: number) => boolean) | undefined;
  import('../libc/descriptors.ts').then(
    (descriptors) => {
      isWritable = descriptors.isWritable;
    },
    () => undefined,
  );
  return (bytes, isExit) => {
    if (isWritable === undefined && isExit) return written(fd, bytes);
    if (isWritable?.(fd) !== true) return 0;
    return written(fd, bytes.subarray(0, PIPE_BYTES));
  };
}
