/** The start of a run: its short frames, which share a batch, or its first frame. */
import { type FrameSpan, FrameWalk } from '../../../wire/frame-walk.ts';

/** The first frames, at most `maxFrames`, up to a long one. */
export function shortFrames(run: Buffer, maxFrames: number, longFrameBytes: number): FrameSpan {
  const span = { frames: 0, end: 0 };
  for (const frames = new FrameWalk(run); span.frames < maxFrames && frames.next(); span.frames += 1) {
    if (frames.end - frames.start > longFrameBytes) break;
    span.end = frames.end;
  }
  return span;
}

export function firstPayload(run: Buffer): Buffer {
  const frames = new FrameWalk(run);
  frames.next();
  return frames.payload;
}
