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
  /** The unfinished frame: `held` of its bytes, header included, stand at the start of `memory`. */
  let memory: Buffer = NOTHING;
  let held = 0;

  const reader: FrameReader = {
    limits: { maxFrameBytes: DEFAULT_MAX_FRAME_BYTES, maxRunFrames: Number.POSITIVE_INFINITY, ...limits },
    get heldBytes() {
      return held;
    },
    push(chunk, onRun) {
      let offset = held > 0 ? finishHeld(chunk, onRun) : 0;
      while (offset < chunk.length) {
        const runEnd = handRun(chunk, offset, onRun);
        if (runEnd === offset) break;
        offset = runEnd;
      }
      if (offset === chunk.length) return;
      const end = frameEnd(chunk, offset, chunk.length);
      hold(chunk, offset, chunk.length, end === undefined ? LONG_HEADER_BYTES : end - offset);
    },
    target() {
      const end = held > 0 ? frameEnd(memory, 0, held) : undefined;
      if (end === undefined || end < DIRECT_FRAME_BYTES || end - held < DIRECT_REST_BYTES) return undefined;
      if (held === memory.length) grow(held + 1, end);
      return memory.subarray(held, Math.min(memory.length, end));
    },
    filled(bytes, onRun) {
      held += bytes;
      if (held === frameEnd(memory, 0, held)) handHeld(held, onRun);
    },
    end() {
      if (held === 0) return;
      throw new LaunchpoolError(
        'ERR_LAUNCHPOOL_FRAME_TRUNCATED',
        `the connection ended after ${held} bytes of an unfinished frame`,
      );
    },
  };

  /** Where the frame at `offset` ends, or undefined while its header is not whole. */
  function frameEnd(bytes: Buffer, offset: number, end: number): number | undefined {
    const length = readHeader(bytes, offset, end);
    if (length === undefined) return undefined;
    if (length > reader.limits.maxFrameBytes) {
      throw new LaunchpoolError(
        'ERR_LAUNCHPOOL_FRAME_TOO_LARGE',
        `a frame of ${length} bytes is over the maximum of ${reader.limits.maxFrameBytes}`,
        { hint: 'Send less at a time, or raise the maximum on both sides (--max-frame BYTES).' },
      );
    }
    return offset + headerSize(bytes, offset) + length;
  }

  /** Hands on the whole frames from `start` as one view of the chunk; returns where they end. */
  function handRun(chunk: Buffer, start: number, onRun: OnRun): number {
    let end = start;
    let frames = 0;
    let refusal: unknown;
    try {
      while (frames < reader.limits.maxRunFrames) {
        const next = frameEnd(chunk, end, chunk.length);
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
  function finishHeld(chunk: Buffer, onRun: OnRun): number {
    let offset = 0;
    let end = frameEnd(memory, 0, held);
    while (end === undefined && offset < chunk.length) {
      const headerEnd = held < SHORT_HEADER_BYTES ? SHORT_HEADER_BYTES : headerSize(memory, 0);
      offset += hold(chunk, offset, Math.min(chunk.length, offset + headerEnd - held), headerEnd);
      end = frameEnd(memory, 0, held);
    }
    if (end === undefined) return offset;
    offset += hold(chunk, offset, Math.min(chunk.length, offset + end - held), end);
    if (held === end) handHeld(end, onRun);
    return offset;
  }

  function handHeld(end: number, onRun: OnRun): void {
    const frame = memory.subarray(0, end);
    memory = NOTHING;
    held = 0;
    onRun(frame, 1, true);
  }

  /** Copies a piece of the chunk behind the held bytes of a frame of `total` bytes; returns the piece's length. */
  function hold(chunk: Buffer, from: number, to: number, total: number): number {
    const needed = held + to - from;
    if (needed > memory.length) grow(needed, total);
    chunk.copy(memory, held, from, to);
    held = needed;
    return to - from;
  }

  function grow(needed: number, total: number): void {
    // Never more than the frame, and never much more than has arrived: a header alone must not make us allocate.
    const quick = Math.min(QUICK_BYTES, needed * QUICK_GROWTH);
    const grown = allocate(Math.max(needed, Math.min(total, Math.max(TRUSTED_BYTES, quick, needed * GROWTH))));
    memory.copy(grown, 0, 0, held);
    memory = grown;
  }

  return reader;
}

/** The size of a header of which the first field is there. */
function headerSize(bytes: Buffer, offset: number): number {
  return bytes.readInt32BE(offset) === -1 ? LONG_HEADER_BYTES : SHORT_HEADER_BYTES;
}
