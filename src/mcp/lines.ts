/** The transport of MCP over standard streams: a message of JSON a line, in both directions. */
import type { Writable } from 'node:stream';

const NEWLINE = 0x0a;
const RETURN = 0x0d;
/** As long as a frame of an agent may be by default. */
const MAX_LINE_BYTES = 64 * 1024 ** 2;

export type LineEvents = {
  /** Called with each line, without its end. */
  onLine: (line: Buffer) => void;
  /** Called for a line that is too long; it is not kept. */
  onTooLong: (maxBytes: number) => void;
};

export type LineReader = {
  push(chunk: Buffer): void;
  /** The last line needs no newline. */
  end(): void;
};

/** Empty lines are left out, and a line may end with a carriage return too. */
export function createLineReader({ onLine, onTooLong }: LineEvents, maxBytes = MAX_LINE_BYTES): LineReader {
  let parts: Buffer[] = [];
  let held = 0;

  function hold(part: Buffer): void {
    held += part.length;
    if (held > maxBytes) parts = [];
    else if (part.length > 0) parts.push(part);
  }

  function finish(): void {
    const [bytes, own] = [held, parts];
    parts = [];
    held = 0;
    if (bytes > maxBytes) {
      onTooLong(maxBytes);
      return;
    }
    const whole = own.length === 1 ? (own[0] as Buffer) : Buffer.concat(own);
    const line = whole.at(-1) === RETURN ? whole.subarray(0, -1) : whole;
    if (line.length > 0) onLine(line);
  }

  return {
    push(chunk) {
      let start = 0;
      for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
        hold(chunk.subarray(start, end));
        finish();
        start = end + 1;
      }
      hold(chunk.subarray(start));
    },
    end() {
      if (held > 0) finish();
    },
  };
}

export type LineWriter = {
  /** Writes a message. JSON has no newline within it. */
  write(message: object): void;
  /** Resolves when the client has read enough for more messages of one call. */
  drained(): Promise<void>;
};

export function createLineWriter(stream: Writable): LineWriter {
  return {
    write(message) {
      if (stream.writable) stream.write(`${JSON.stringify(message)}\n`);
    },
    drained() {
      if (!stream.writableNeedDrain || stream.destroyed) return Promise.resolve();
      return new Promise((resolve) => {
        const done = (): void => {
          stream.off('drain', done).off('close', done);
          resolve();
        };
        stream.on('drain', done).on('close', done);
      });
    },
  };
}
