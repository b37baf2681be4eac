/** Turns what is written to a stream, in any pieces, into whole lines, each with the request that has started it. */
import type { Writable } from 'node:stream';
import type { LineFacts } from './log-lines.ts';

/** How long a line without its end waits for more, in milliseconds. */
const REST_MS = 1_000;
/** A longer line is written in parts, in characters. */
const MAX_REST = 64 * 1024;
/** Encodings of text in which a string stands for bytes. */
const BINARY = /^(?:hex|base64|base64url|latin1|binary|ucs-?2|utf-?16le)$/i;

/** The text of the console may have several lines. */
export type Line = { level: number; printing: LineFacts | undefined; text: string };

export type PrintedLinesOptions = {
  /** The level of what is not from the console. */
  level: number;
  /** That of the function of the console that runs: all that it writes is one line. */
  consoleLevel: () => number | undefined;
  printing: () => LineFacts | undefined;
  /** What is written for a line. */
  format: (line: Line) => string;
};

// The module may replace these.
const { from } = Buffer;
const later = setTimeout;
const nextTick = process.nextTick.bind(process);

type Write = (chunk: unknown, encoding?: unknown, callback?: unknown) => boolean;

/** Changes the `write` of the stream. */
export function inLines<Stream extends Writable>(stream: Stream, options: PrintedLinesOptions): Stream {
  const { level, consoleLevel, printing, format } = options;
  const write = stream.write as Write;
  let decoder: InstanceType<typeof TextDecoder> | undefined;
  /** A line without its end. */
  let rest: Line | undefined;
  let isTimed = false;
  let endsAtExit = false;

  function takeRest(): Line[] {
    const taken = rest === undefined ? [] : [rest];
    rest = undefined;
    return taken;
  }

  function keep(line: Line): void {
    rest = line;
    if (!isTimed) later(writeRest, REST_MS).unref();
    isTimed = true;
    if (!endsAtExit) process.once('exit', writeRest);
    endsAtExit = true;
  }

  function writeRest(): void {
    isTimed = false;
    const lines = takeRest();
    if (lines.length > 0 && stream.writable) write.call(stream, lines.map(format).join(''));
  }

  function linesOf(text: string): Line[] {
    const line = { level: consoleLevel() ?? level, printing: printing() };
    if (consoleLevel() !== undefined) return [...takeRest(), { ...line, text: text.replace(/\n$/, '') }];
    const [first = '', ...others] = text.split('\n');
    const started = rest === undefined ? { ...line, text: first } : { ...rest, text: rest.text + first };
    const lines = [started, ...others.map((other) => ({ ...line, text: other }))];
    const last = lines.pop() as Line;
    rest = undefined;
    if (last.text.length > MAX_REST) lines.push(last);
    else if (last.text !== '') keep(last);
    return lines;
  }

  function decoded(chunk: string | Uint8Array, encoding: unknown): string {
    if (typeof chunk === 'string' && !(typeof encoding === 'string' && BINARY.test(encoding))) return chunk;
    decoder ??= new TextDecoder();
    const bytes = typeof chunk === 'string' ? from(chunk, encoding as BufferEncoding) : chunk;
    return decoder.decode(bytes, { stream: true });
  }

  const writeLines: Write = (chunk, encoding, callback) => {
    const isWritten = (typeof chunk === 'string' || chunk instanceof Uint8Array) && stream.writable;
    // Node reports the error.
    if (!isWritten) return write.call(stream, chunk, encoding, callback);
    const done = typeof encoding === 'function' ? encoding : callback;
    const text = linesOf(decoded(chunk, encoding)).map(format).join('');
    if (text !== '') return write.call(stream, text, done);
    if (typeof done === 'function') nextTick(done as () => void);
    return !stream.writableNeedDrain;
  };
  return Object.assign(stream, { write: writeLines });
}
