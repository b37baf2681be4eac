/** Turns chunks of a stream, cut anywhere, into runs of whole frames. Knows no sockets. */
import { LaunchpoolError } from './errors.ts';
import { DEFAULT_MAX_FRAME_BYTES, LONG_HEADER_BYTES, readHeader, SHORT_HEADER_BYTES } from './frame.ts';
import { httpMethodOf } from './http-refusal.ts';

export type FrameLimits = {
  /**
   * The longest payload that is accepted, in bytes. A longer one is refused as soon as its header has arrived.
   * @default 67108864 (64 MiB)
   */
  maxFrameBytes: number;
  /**
   * How many frames a run may hold. The limits are read again after each run: with 1 they can change from one frame to
   * the next, as they do when a handshake ends.
   * @default Infinity
   */
  maxRunFrames: number;
};

/**
 * Receives `frames` whole frames, still framed. The run is valid until the call returns; if it stands in memory of its
 * `own`, for as long as the receiver wants.
 */
export type OnRun = (run: Buffer, frames: number, own: boolean) => void;

/** The memory of frames that arrive in pieces. */
export type FrameMemory = {
  /** The memory need not be cleared. */
  allocate(bytes: number): Buffer;
  /** Takes memory back of which no part was handed on. */
  recycle(memory: Buffer): void;
};

const ORDINARY_MEMORY: FrameMemory = { allocate: Buffer.allocUnsafeSlow, recycle: () => undefined };

export type FrameReader = {
  limits: FrameLimits;
  /** The bytes of an unfinished frame that are held here. */
  readonly heldBytes: number;
  /** The length of that frame, header included, as far as its header tells; 0 without one. */
  readonly announcedBytes: number;
  /**
   * Takes the next bytes of the stream, and hands every whole frame on, also those before an invalid one.
   * @throws ERR_LAUNCHPOOL_FRAME_TOO_LARGE, ERR_LAUNCHPOOL_FRAME_INVALID; the reader cannot be used after that.
   */
  push(chunk: Buffer, onRun: OnRun): void;
  /**
   * Where the next bytes of the stream should be written directly: the rest of a long frame. Undefined when they belong
   * to a chunk.
   */
  target(): Buffer | undefined;
  /**
   * Takes `bytes` bytes that were written to the target.
   * @throws as {@link push}
   */
  filled(bytes: number, onRun: OnRun): void;
  /**
   * The stream has ended.
   * @throws ERR_LAUNCHPOOL_FRAME_TRUNCATED when a frame is unfinished.
   */
  end(onRun?: OnRun): void;
  /** Drops the unfinished frame. Nothing may be written to its target any more. */
  drop(): void;
};

/** Up to this size an unfinished frame gets all its memory at once; beyond, in step with the bytes that have arrived. */
const TRUSTED_BYTES = 64 * 1024;
/** The growth of a long frame's memory: a byte is copied 1/3 of a time more on average, not once per chunk. */
const GROWTH = 4;
/** Up to this size memory grows faster, so that a frame of a megabyte is not copied again. */
const QUICK_BYTES = 4 * 1024 * 1024;
const QUICK_GROWTH = 128;
/** A frame of at least this length, with at least this rest, gets a target of its own. */
const DIRECT_FRAME_BYTES = 48 * 1024;
const DIRECT_REST_BYTES = 4 * 1024;
const NOTHING: Buffer = Buffer.alloc(0);

export function createFrameReader(
  limits: Partial<FrameLimits> = {},
  memory: FrameMemory = ORDINARY_MEMORY,
): FrameReader {
  return new StreamReader(limits, memory);
}

/** A class: a closure would take its memory for each of thousands of connections. */
class StreamReader implements FrameReader {
  limits: FrameLimits;
  /** The number of bytes of the unfinished frame, header included, at the start of the memory. */
  heldBytes = 0;
  #memory: Buffer = NOTHING;
  readonly #source: FrameMemory;

  constructor(limits: Partial<FrameLimits>, source: FrameMemory) {
    this.limits = { maxFrameBytes: DEFAULT_MAX_FRAME_BYTES, maxRunFrames: Number.POSITIVE_INFINITY, ...limits };
    this.#source = source;
  }

  get announcedBytes(): number {
    return this.#frameEnd(this.#memory, 0, this.heldBytes) ?? this.heldBytes;
  }

  push(chunk: Buffer, onRun: OnRun): void {
    try {
      this.#take(chunk, onRun);
    } catch (error) {
      // A refused frame is dropped: a later call must not meet it again.
      this.drop();
      throw error;
    }
  }

  #take(chunk: Buffer, onRun: OnRun): void {
    let offset = this.heldBytes > 0 ? this.#finishHeld(chunk, onRun) : 0;
    while (offset < chunk.length) {
      const runEnd = this.#handRun(chunk, offset, onRun);
      if (runEnd === offset) break;
      offset = runEnd;
    }
    if (offset === chunk.length) return;
    const end = this.#frameEnd(chunk, offset, chunk.length);
    this.#hold(chunk, offset, chunk.length, end === undefined ? LONG_HEADER_BYTES : end - offset);
  }

  target(): Buffer | undefined {
    const held = this.heldBytes;
    const end = held > 0 ? this.#frameEnd(this.#memory, 0, held) : undefined;
    if (end === undefined || end < DIRECT_FRAME_BYTES || end - held < DIRECT_REST_BYTES) return undefined;
    if (held === this.#memory.length) this.#grow(held + 1, end);
    return this.#memory.subarray(held, Math.min(this.#memory.length, end));
  }

  filled(bytes: number, onRun: OnRun): void {
    this.heldBytes += bytes;
    if (this.heldBytes === this.#frameEnd(this.#memory, 0, this.heldBytes)) this.#handHeld(this.heldBytes, onRun);
  }

  drop(): void {
    if (this.#memory.length > 0) this.#source.recycle(this.#memory);
    this.#memory = NOTHING;
    this.heldBytes = 0;
  }

  end(): void {
    if (this.heldBytes === 0) return;
    throw new LaunchpoolError(
      'ERR_LAUNCHPOOL_FRAME_TRUNCATED',
      `the connection ended after ${this.heldBytes} bytes of an unfinished frame`,
    );
  }

  /** Where the frame at `offset` ends, or undefined while its header is incomplete. */
  #frameEnd(bytes: Buffer, offset: number, end: number): number | undefined {
    const length = readHeader(bytes, offset, end);
    if (length === undefined) return undefined;
    const { maxFrameBytes } = this.limits;
    if (length > maxFrameBytes) {
      const http = httpMethodOf(length);
      if (http !== undefined)
        throw new LaunchpoolError('ERR_LAUNCHPOOL_FRAME_INVALID', 'the client speaks HTTP', { data: { http } });
      throw new LaunchpoolError(
        'ERR_LAUNCHPOOL_FRAME_TOO_LARGE',
        `a frame of ${length} bytes is over the maximum of ${maxFrameBytes}`,
        { hint: 'Send less at a time, or raise the maximum on both sides (--max-frame BYTES).' },
      );
    }
    return offset + headerSize(bytes, offset) + length;
  }

  /** Hands on the whole frames from `start` as one view of the chunk; returns where they end. */
  #handRun(chunk: Buffer, start: number, onRun: OnRun): number {
    const { maxRunFrames } = this.limits;
    let end = start;
    let frames = 0;
    let refusal: unknown;
    try {
      while (frames < maxRunFrames) {
        const next = this.#frameEnd(chunk, end, chunk.length);
        if (next === undefined || next > chunk.length) break;
        end = next;
        frames += 1;
      }
    } catch (error) {
      refusal = error;
    }
    if (frames > 0) onRun(chunk.subarray(start, end), frames, false);
    if (refusal !== undefined) throw refusal;
    return end;
  }

  /** Adds the missing bytes to the held frame; returns how many bytes of the chunk that took. */
  #finishHeld(chunk: Buffer, onRun: OnRun): number {
    let offset = 0;
    let end = this.#frameEnd(this.#memory, 0, this.heldBytes);
    while (end === undefined && offset < chunk.length) {
      const headerEnd = this.heldBytes < SHORT_HEADER_BYTES ? SHORT_HEADER_BYTES : headerSize(this.#memory, 0);
      offset += this.#hold(chunk, offset, Math.min(chunk.length, offset + headerEnd - this.heldBytes), headerEnd);
      end = this.#frameEnd(this.#memory, 0, this.heldBytes);
    }
    if (end === undefined) return offset;
    offset += this.#hold(chunk, offset, Math.min(chunk.length, offset + end - this.heldBytes), end);
    if (this.heldBytes === end) this.#handHeld(end, onRun);
    return offset;
  }

  #handHeld(end: number, onRun: OnRun): void {
    const frame = this.#memory.subarray(0, end);
    this.#memory = NOTHING;
    this.heldBytes = 0;
    onRun(frame, 1, true);
  }

  /** Copies a part of the chunk behind the held bytes of a frame of `total` bytes; returns its length. */
  #hold(chunk: Buffer, from: number, to: number, total: number): number {
    const needed = this.heldBytes + to - from;
    if (needed > this.#memory.length) this.#grow(needed, total);
    chunk.copy(this.#memory, this.heldBytes, from, to);
    this.heldBytes = needed;
    return to - from;
  }

  #grow(needed: number, total: number): void {
    // At most the frame, and not much more than has arrived: a header alone must not allocate its announced length.
    const quick = Math.min(QUICK_BYTES, needed * QUICK_GROWTH);
    const bytes = Math.max(needed, Math.min(total, Math.max(TRUSTED_BYTES, quick, needed * GROWTH)));
    const grown = this.#source.allocate(bytes);
    this.#memory.copy(grown, 0, 0, this.heldBytes);
    if (this.#memory.length > 0) this.#source.recycle(this.#memory);
    this.#memory = grown;
  }
}

/** The size of a header whose first field has arrived. */
function headerSize(bytes: Buffer, offset: number): number {
  return bytes.readInt32BE(offset) === -1 ? LONG_HEADER_BYTES : SHORT_HEADER_BYTES;
}
