/** Replies of a raw agent that wait for their turn. */
import { bufferCopy } from '../../../wire/copy.ts';
import { FrameWalk } from '../../../wire/frame-walk.ts';
import type { Settlement } from './open-request.ts';
import type { HeldReplies } from './request-group.ts';

/** Replies that must wait are copied, so that their slot is free again; longer ones retain their memory. */
export const COPIED_BYTES = 32 * 1024;
/** The held replies of one connection from which on only the request whose turn it is may start. */
export const MAX_HELD_BYTES: number = 4 * 1024 * 1024;

export function holdReplies({ frames, failure, retain }: Settlement, count: number): HeldReplies {
  if (frames === undefined || retain === undefined || frames.length <= COPIED_BYTES) {
    return { count, bytes: frames?.length ?? 0, frames: frames && bufferCopy(frames), failure };
  }
  return { count, bytes: isShared(frames) ? 0 : frames.length, frames, release: retain() };
}

/** Whether the bytes stand in shared memory: that of a slot, which is fixed, or of a long request, which is counted. */
export function isShared({ buffer }: Uint8Array): boolean {
  return buffer instanceof SharedArrayBuffer;
}

type Part = [first: number, count: number, settlement: Settlement];

/** The positions that were not settled early, each with its own reply. */
export function* withoutCancelled(
  cancelled: ReadonlySet<number>,
  first: number,
  count: number,
  { frames, failure }: Settlement,
): Generator<Part> {
  // Where there are frames, each position has one.
  const walk = frames && new FrameWalk(Buffer.from(frames.buffer, frames.byteOffset, frames.byteLength));
  for (let position = first; position < first + count; position += 1) {
    walk?.next();
    if (!cancelled.has(position)) yield [position, 1, { frames: walk?.frame, failure }];
  }
}
