/** Holds the frame reader to this: whatever comes, cut up as it may be, the frames are the same, or the fault is. */

import { decodeClosing } from '../../wire/closing.ts';
import { LaunchpoolError } from '../../wire/errors.ts';
import { forEachFrame, payloadStart } from '../../wire/frame.ts';
import { createFrameReader, type FrameReader } from '../../wire/frame-reader.ts';
import type { Random } from '../random.ts';

type Read = { payloads: Buffer[]; fault: string | undefined; greedy: string | undefined };

/** Headers alone may have the reader take so much memory. */
const TRUSTED_BYTES = 64 * 1024;
const QUICK_BYTES = 4 * 1024 * 1024;
/** What has come grows by so much at most. */
const GROWTH = 4;

/** @returns what is wrong, or undefined. @throws what the reader throws and should not. */
export function checkFrames(stream: Buffer, random: Random): string | undefined {
  const whole = read(stream, () => stream.length);
  const pieces = read(stream, () => random.between(1, random.chance(0.5) ? 8 : 70_000));
  if (whole.fault !== pieces.fault) return `the fault is ${whole.fault} of the whole, ${pieces.fault} of its pieces`;
  const same =
    whole.payloads.length === pieces.payloads.length &&
    whole.payloads.every((payload, index) => payload.equals(pieces.payloads[index] as Buffer));
  if (!same) return `${whole.payloads.length} frames of the whole are not the ${pieces.payloads.length} of its pieces`;
  return whole.greedy ?? pieces.greedy;
}

function read(stream: Buffer, pieceBytes: () => number): Read {
  const payloads: Buffer[] = [];
  let greedy: string | undefined;
  let fed = 0;
  const reader = createFrameReader({}, (bytes) => {
    const may = Math.max(TRUSTED_BYTES, Math.min(QUICK_BYTES, fed * 128), fed * GROWTH);
    if (bytes > may) greedy = `takes ${bytes} bytes of memory after ${fed} have come`;
    return Buffer.allocUnsafeSlow(bytes);
  });
  const onRun = (run: Buffer, _frames: number): void => {
    forEachFrame(run, (payload) => payloads.push(Buffer.from(payload)));
    // Whoever reads this as a client looks whether it is the notice of closing.
    if (payloadStart(run, 0) > run.length) throw new Error('a run holds no whole frame');
    decodeClosing(run);
  };
  try {
    for (let at = 0; at < stream.length; ) {
      const end = Math.min(stream.length, at + pieceBytes());
      fed = end;
      feed(reader, stream.subarray(at, end), onRun);
      at = end;
    }
    reader.end();
    return { payloads, fault: undefined, greedy };
  } catch (error) {
    if (!(error instanceof LaunchpoolError)) throw error;
    return { payloads, fault: String(error.code), greedy };
  }
}

/** As a connection does it: the rest of a long frame goes to where the reader wants it. */
function feed(reader: FrameReader, chunk: Buffer, onRun: (run: Buffer, frames: number) => void): void {
  for (let at = 0; at < chunk.length; ) {
    const target = reader.target();
    if (target === undefined) {
      reader.push(chunk.subarray(at), onRun);
      return;
    }
    const copied = chunk.copy(target, 0, at);
    reader.filled(copied, onRun);
    at += copied;
  }
}
