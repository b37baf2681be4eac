/**
 * Newline-delimited JSON instead of frames, for clients such as nc: a request a line, a reply a line.
 *
 * The first byte of a connection tells: `{` or `[` would announce a frame of more than 1.4 GiB, which is legal only with such
 * a limit.
 */
import { skipWhiteSpace, sniffEncoding } from './encoding.ts';
import { LaunchpoolError } from './errors.ts';
import { SHORT_HEADER_BYTES, writeHeader } from './frame.ts';
import { createFrameReader, type FrameLimits, type FrameMemory, type FrameReader, type OnRun } from './frame-reader.ts';
import { FrameWalk } from './frame-walk.ts';
import { isText, scanMembers } from './json-scan.ts';

const OPEN_OBJECT = 0x7b;
const OPEN_ARRAY = 0x5b;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
/** A frame of this length begins with `[`. */
const FIRST_AMBIGUOUS_LENGTH: number = OPEN_ARRAY * 2 ** 24;
/** The first memory of an unfinished line. */
const FIRST_BYTES = 4 * 1024;
const SPACE = 0x20;
const ACCEPT = Buffer.from('accept');
/** The name of a member may be written with escapes. */
const ESCAPE = Buffer.from('\\u');
const NOTHING: Buffer = Buffer.alloc(0);

/** A reader of frames, or of lines if the first byte says so. */
export type FrameOrLineReader = FrameReader & { readonly readsLines: boolean };

/** @param mayReadLines whether the first byte decides; if not, frames are read. */
export function createFrameOrLineReader(
  limits: FrameLimits,
  memory: FrameMemory,
  mayReadLines: boolean,
): FrameOrLineReader {
  return new FirstByteReader(limits, memory, mayReadLines);
}

/** The payloads of whole frames, a line each. Their JSON must have no newline. */
export function linesOf(frames: Uint8Array): Buffer {
  const run = Buffer.from(frames.buffer, frames.byteOffset, frames.byteLength);
  const lines = Buffer.allocUnsafe(run.length);
  let end = 0;
  for (const walk = new FrameWalk(run); walk.next(); ) {
    end += run.copy(lines, end, walk.payloadStart, walk.end);
    lines[end] = NEWLINE;
    end += 1;
  }
  return lines.subarray(0, end);
}

/** A class: a closure would take its memory for each of thousands of connections. */
class FirstByteReader implements FrameOrLineReader {
  readsLines = false;
  #reader: FrameReader;
  /** Whether the first byte is to decide. */
  #isOpen: boolean;

  constructor(limits: FrameLimits, memory: FrameMemory, mayReadLines: boolean) {
    this.#reader = createFrameReader(limits, memory);
    this.#isOpen = mayReadLines;
  }

  get limits(): FrameLimits {
    return this.#reader.limits;
  }
  set limits(limits: FrameLimits) {
    this.#reader.limits = limits;
  }

  get heldBytes(): number {
    return this.#reader.heldBytes;
  }

  get announcedBytes(): number {
    return this.#reader.announcedBytes;
  }

  push(chunk: Buffer, onRun: OnRun): void {
    if (this.#isOpen) this.#choose(chunk);
    this.#reader.push(chunk, onRun);
  }

  target(): Buffer | undefined {
    return this.#reader.target();
  }

  filled(bytes: number, onRun: OnRun): void {
    this.#reader.filled(bytes, onRun);
  }

  end(onRun?: OnRun): void {
    this.#reader.end(onRun);
  }

  drop(): void {
    this.#reader.drop();
  }

  #choose([first]: Buffer): void {
    this.#isOpen = false;
    const { limits } = this.#reader;
    this.readsLines = (first === OPEN_OBJECT || first === OPEN_ARRAY) && limits.maxFrameBytes < FIRST_AMBIGUOUS_LENGTH;
    if (this.readsLines) this.#reader = new LineReader(limits);
  }
}

/** Hands lines on as frames, without their ends: a newline, with or without a carriage return. Empty lines are left out. */
class LineReader implements FrameReader {
  limits: FrameLimits;
  heldBytes = 0;
  #held: Buffer = NOTHING;

  constructor(limits: FrameLimits) {
    this.limits = limits;
  }

  /** A line does not say how long it is. */
  get announcedBytes(): number {
    return this.heldBytes;
  }

  push(chunk: Buffer, onRun: OnRun): void {
    const end = chunk.lastIndexOf(NEWLINE) + 1;
    if (end > 0) this.#handLines(chunk.subarray(0, end), onRun);
    this.#hold(chunk.subarray(end));
  }

  target(): undefined {
    return undefined;
  }

  filled(): void {}

  /** The last line needs no newline. */
  end(onRun?: OnRun): void {
    if (this.heldBytes > 0 && onRun !== undefined) this.#handLines(Buffer.from([NEWLINE]), onRun);
  }

  drop(): void {
    this.#held = NOTHING;
    this.heldBytes = 0;
  }

  /** @param ended ends with a newline. */
  #handLines(ended: Buffer, onRun: OnRun): void {
    const held = this.#held.subarray(0, this.heldBytes);
    this.drop();
    const lines = held.length === 0 ? ended : Buffer.concat([held, ended]);
    const [run, frames, refusal] = this.#framed(lines);
    if (frames > 0) onRun(run, frames, true);
    if (refusal !== undefined) throw refusal;
  }

  /** The lines before the first one that is too long, as frames. */
  #framed(lines: Buffer): [run: Buffer, frames: number, refusal: LaunchpoolError | undefined] {
    const { maxFrameBytes } = this.limits;
    const spans: [start: number, end: number][] = [];
    let bytes = 0;
    let refusal: LaunchpoolError | undefined;
    for (let start = 0; start < lines.length && refusal === undefined; ) {
      const newline = lines.indexOf(NEWLINE, start);
      const end = lines[newline - 1] === RETURN && newline > start ? newline - 1 : newline;
      if (end - start > maxFrameBytes) refusal = tooLong(end - start, maxFrameBytes);
      else if (end > start) {
        spans.push([start, end]);
        bytes += SHORT_HEADER_BYTES + payloadBytes(lines, start, end);
      }
      start = newline + 1;
    }
    const run = Buffer.allocUnsafeSlow(bytes);
    let at = 0;
    const mayAccept = lines.includes(ACCEPT) || lines.includes(ESCAPE);
    for (const [start, end] of spans) {
      const length = payloadBytes(lines, start, end);
      at = writeHeader(run, length, at);
      run[at] = SPACE;
      lines.copy(run, at + length - (end - start), start, end);
      if (mayAccept) ignoreAccept(run.subarray(at, at + length));
      at += length;
    }
    return [run, spans.length, refusal];
  }

  #hold(rest: Buffer): void {
    if (rest.length === 0) return;
    const bytes = this.heldBytes + rest.length;
    const { maxFrameBytes } = this.limits;
    if (bytes > maxFrameBytes) {
      this.drop();
      throw tooLong(bytes, maxFrameBytes);
    }
    if (bytes > this.#held.length) {
      const grown = Buffer.allocUnsafeSlow(Math.min(maxFrameBytes, Math.max(FIRST_BYTES, 2 * bytes)));
      this.#held.copy(grown, 0, 0, this.heldBytes);
      this.#held = grown;
    }
    rest.copy(this.#held, this.heldBytes);
    this.heldBytes = bytes;
  }
}

/** Behind a space, MessagePack is no message: a line is JSON. */
function payloadBytes(lines: Buffer, start: number, end: number): number {
  return end - start + (sniffEncoding(lines.subarray(start, end)) === 'messagepack' ? 1 : 0);
}

/** Renames the member `accept` of a request: a reply in MessagePack is no line. */
function ignoreAccept(payload: Buffer): void {
  scanMembers(payload, skipWhiteSpace(payload, 0), (keyStart, keyEnd) => {
    if (isText(payload, keyStart, keyEnd, 'accept')) payload[keyStart + 1] = SPACE;
  });
}

function tooLong(bytes: number, maxFrameBytes: number): LaunchpoolError {
  return new LaunchpoolError(
    'ERR_LAUNCHPOOL_FRAME_TOO_LARGE',
    `a line of ${bytes} bytes or more is over the maximum of ${maxFrameBytes}`,
    { hint: 'Send less at a time, or raise the maximum (--max-frame BYTES).' },
  );
}
