/** The one walk over whole frames that stand one behind another. */
import { payloadLength, payloadStart } from './frame.ts';

/**
 * Moves from frame to frame without an allocation for each: main thread and workers walk over every batch.
 *
 *     for (const frames = new FrameWalk(run); frames.next(); ) use(frames.payload);
 *
 * The frames must be whole, and their headers valid: a frame reader has checked them.
 */
export class FrameWalk {
  /** Where the current frame begins, where its payload begins, and where both end. */
  start: number;
  payloadStart: number;
  end: number;
  readonly #bytes: Buffer;
  readonly #limit: number;

  /**
   * @param at where the first frame begins. @default 0
   * @param limit where the last frame ends. @default the end of the bytes
   */
  constructor(bytes: Buffer, at = 0, limit: number = bytes.length) {
    this.start = at;
    this.payloadStart = at;
    this.end = at;
    this.#bytes = bytes;
    this.#limit = limit;
  }

  /** Moves to the next frame; false when there is none. */
  next(): boolean {
    const { end } = this;
    if (end >= this.#limit) return false;
    this.start = end;
    this.payloadStart = payloadStart(this.#bytes, end);
    this.end = this.payloadStart + payloadLength(this.#bytes, end);
    return true;
  }

  /** A view of the current frame's payload. */
  get payload(): Buffer {
    return this.#bytes.subarray(this.payloadStart, this.end);
  }

  /** A view of the current frame, with its header. */
  get frame(): Buffer {
    return this.#bytes.subarray(this.start, this.end);
  }
}

/** Consecutive frames: how many they are, and where the last of them ends. */
export type FrameSpan = { frames: number; end: number };

/**
 * The frames from `at` on, as many as both limits allow.
 * @param maxFrames the highest number of frames.
 * @param maxBytes the highest number of bytes, headers included, that they have together.
 */
export function spanOf(bytes: Buffer, at: number, maxFrames: number, maxBytes = Number.POSITIVE_INFINITY): FrameSpan {
  const span = { frames: 0, end: at };
  for (const frames = new FrameWalk(bytes, at); span.frames < maxFrames && frames.next(); span.frames += 1) {
    if (frames.end - at > maxBytes) break;
    span.end = frames.end;
  }
  return span;
}

/** How many frames stand in a run. */
export function countFrames(run: Buffer): number {
  return spanOf(run, 0, Number.POSITIVE_INFINITY).frames;
}

/** Calls `visit` for each payload in a run of whole frames, in order. The payloads are views of the run. */
export function forEachFrame(run: Buffer, visit: (payload: Buffer) => void): void {
  for (const frames = new FrameWalk(run); frames.next(); ) visit(frames.payload);
}
