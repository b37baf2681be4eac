/** Finds the frames in the chunks of a socket, and puts headers before replies. */
import type { Reply } from './job.ts';

export const HEADER_BYTES = 4;

/**
 * Returns a function that takes chunks and calls `visit` for each payload, in order.
 * @param visit its second argument is true if the payload has its own memory, and false if it is a view of the chunk.
 */
export function createFrameSplitter(visit: (payload: Uint8Array, owned: boolean) => void): (chunk: Buffer) => void {
  let header = Buffer.alloc(0);
  let payload: Buffer | undefined;
  let filled = 0;

  /** The usual case: whole frames in one chunk are not copied. */
  function readWhole(chunk: Buffer): void {
    let offset = 0;
    while (chunk.length - offset >= HEADER_BYTES) {
      const start = offset + HEADER_BYTES;
      const length = chunk.readInt32BE(offset);
      if (chunk.length - start < length) {
        payload = Buffer.allocUnsafeSlow(length);
        filled = chunk.copy(payload, 0, start);
        return;
      }
      offset = start + length;
      visit(chunk.subarray(start, offset), false);
    }
    header = Buffer.from(chunk.subarray(offset));
  }

  return (chunk) => {
    let rest = chunk;
    if (payload !== undefined) {
      const copied = rest.copy(payload, filled);
      filled += copied;
      if (filled < payload.length) return;
      const whole = payload;
      payload = undefined;
      visit(whole, true);
      rest = rest.subarray(copied);
    }
    readWhole(header.length > 0 ? Buffer.concat([header, rest]) : rest);
  };
}

/** One buffer with all replies, each behind its header. */
export function encodeFrames(replies: readonly Reply[]): Buffer {
  let length = 0;
  for (const reply of replies) {
    length += HEADER_BYTES + (typeof reply === 'string' ? Buffer.byteLength(reply) : reply.length);
  }
  const frames = Buffer.allocUnsafe(length);
  let offset = 0;
  for (const reply of replies) {
    const start = offset + HEADER_BYTES;
    if (typeof reply === 'string') {
      const written = frames.write(reply, start, 'utf8');
      frames.writeInt32BE(written, offset);
      offset = start + written;
    } else {
      frames.writeInt32BE(reply.length, offset);
      frames.set(reply, start);
      offset = start + reply.length;
    }
  }
  return frames;
}
