/** Turns chunks that are cut anywhere into runs of whole frames; knows nothing of sockets. */
import { LaunchpoolError } from './errors.ts';
import { DEFAULT_MAX_FRAME_BYTES, LONG_HEADER_BYTES, readHeader, SHORT_HEADER_BYTES } from './frame.ts';

export type FrameLimits = {
  /**
   * The longest payload that is accepted, in bytes. A longer one is refused from its header.
   * @default 67108864 (64 MiB)
   */
  maxFrameBytes: number;
  /**
   * How many frames a run may hold. The limits are read anew after each run, so with 1 they can change from one
   * frame to the next, as they do when a handshake ends.
   * @default Infinity
   */
  maxRunFrames: number;
};

/**
 * Receives `frames` whole frames, still framed, one behind the other. The run is the receiver's until it returns, or,
 * when it stands in memory of its `own`, for as long as the receiver wants.
 */
export type OnRun = (run: Buffer, frames: number, own: boolean) => void;

/** Returns memory for a frame that does not come in one piece. It need not be cleared. */
export type Allocate = (bytes: number) => Buffer;

export type FrameReader = {
  limits: FrameLimits;
  /** Bytes of an unfinished frame that are held here. */
  readonly heldBytes: number;
  /** How many it will have, header included, as far as its header says; 0 when there is none. */
  readonly announcedBytes: number;
  /**
   * Takes the next bytes of the stream and hands on every frame that is whole, those before a bad one included.
   * @throws ERR_LAUNCHPOOL_FRAME_TOO_LARGE, ERR_LAUNCHPOOL_FRAME_INVALID; the reader is of no use after that.
   */
  push(chunk: Buffer, onRun: OnRun): void;
  /**
   * Where the next bytes of the stream should be written, without a chunk in between: the rest of a long frame. Undefined
   * when they may be anything.
   */
  target(): Buffer | undefined;
  /**
   * Takes `bytes` bytes that have been written to the target.
   * @throws as {@link push}
   */
  filled(bytes: number, onRun: OnRun): void;
  /**
   * Says that the stream has ended.
   * @throws ERR_LAUNCHPOOL_FRAME_TRUNCATED when a frame was still unfinished.
   */
  end(): void;
};

/** Up to here an unfinished frame gets all its memory at once; beyond, only in step with what has arrived. */
const TRUSTED_BYTES = 64 * 1024;
/** By how much the memory of a long frame grows: a byte is copied 1/3 of a time more on average, not once per chunk. */
const GROWTH = 4;
/** As long as it is not longer than this, it grows faster, so that a frame of a megabyte is not copied again. */
const QUICK_BYTES = 4 * 1024 * 1024;
const QUICK_GROWTH = 128;
/** The rest of a frame that is at least so long, and of which so much is left, is worth a target of its own. */
const DIRECT_FRAME_BYTES = 48 * 1024;
const DIRECT_REST_BYTES = 4 * 1024;
const NOTHING: Buffer = Buffer.alloc(0);

export function createFrameReader(
  limits: Partial<FrameLimits> = {},
  allocate: Allocate = Buffer.allocUnsafeSlow,
): FrameReader {
  return new StreamReader(limits, allocate);
}

/** A class, as an agent has thousands of them: what is in a closure takes its memory for each. */
class StreamReader implements FrameReader {
  limits: FrameLimits;
  /** The unfinished frame: so many of its bytes, header included, stand at the start of the memory. */
  heldBytes = 0;
  #memory: Buffer = NOTHING;
  readonly #allocate: Allocate;

  constructor(limits: Partial<FrameLimits>, allocate: Allocate) {
    this.limits = { maxFrameBytes: DEFAULT_MAX_FRAME_BYTES, maxRunFrames: Number.POSITIVE_INFINITY, ...limits };
    this.#allocate = allocate;
  }

  get announcedBytes(): number {
    return this.#frameEnd(this.#memory, 0, this.heldBytes) ?? this.heldBytes;
  }

  push(chunk: Buffer, onRun: OnRun): void {
    try {
      this.#take(chunk, onRun);
    } catch (error) {
      // Of a frame that is refused nothing is kept: nobody must come upon it again.
      this.#memory = NOTHING;
      this.heldBytes = 0;
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

  end(): void {
    if (this.heldBytes === 0) return;
    throw new LaunchpoolError(
      'ERR_LAUNCHPOOL_FRAME_TRUNCATED',
      `the connection ended after ${this.heldBytes} bytes of an unfinished frame`,
    );
  }

  /** Where the frame at `offset` ends, or undefined while its header is not whole. */
  #frameEnd(bytes: Buffer, offset: number, end: number): number | undefined {
    const length = readHeader(bytes, offset, end);
    if (length === undefined) return undefined;
    const { maxFrameBytes } = this.limits;
    if (length > maxFrameBytes) {
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

  /** Adds to the held frame what it lacks; returns how much of the chunk that took. */
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

  /** Copies a piece of the chunk behind the held bytes of a frame of `total` bytes; returns the piece's length. */
  #hold(chunk: Buffer, from: number, to: number, total: number): number {
    const needed = this.heldBytes + to - from;
    if (needed > this.#memory.length) this.#grow(needed, total);
    chunk.copy(this.#memory, this.heldBytes, from, to);
    this.heldBytes = needed;
    return to - from;
  }

  #grow(needed: number, total: number): void {
    // Never more than the frame, and never much more than has arrived: a header alone must not make us allocate.
    const quick = Math.min(QUICK_BYTES, needed * QUICK_GROWTH);
    const grown = this.#allocate(Math.max(needed, Math.min(total, Math.max(TRUSTED_BYTES, quick, needed * GROWTH))));
    this.#memory.copy(grown, 0, 0, this.heldBytes);
    this.#memory = grown;
  }
}

/** The size of a header of which the first field is there. */
function headerSize(bytes: Buffer, offset: number): number {
  return bytes.readInt32BE(offset) === -1 ? LONG_HEADER_BYTES : SHORT_HEADER_BYTES;
}
