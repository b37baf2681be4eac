/** Checks the frame reader: the frames of a stream, or its error, do not depend on how the stream is cut. */

import { decodeClosing } from '../../wire/closing.ts';
import { LaunchpoolError } from '../../wire/errors.ts';
import { payloadStart } from '../../wire/frame.ts';
import { createFrameReader, type FrameReader } from '../../wire/frame-reader.ts';
import { forEachFrame } from '../../wire/frame-walk.ts';
import type { Random } from '../random.ts';

type ReadResult = { payloads: Buffer[]; error: string | undefined; allocationFault: string | undefined };

/** The memory that the reader may allocate for a header alone. */
const TRUSTED_BYTES = 64 * 1024;
const QUICK_BYTES = 4 * 1024 * 1024;
/** The maximum ratio of allocated to received bytes. */
const GROWTH = 4;

/** @returns a fault, or undefined. @throws an error of the reader that is not a LaunchpoolError. */
export function checkFrames(stream: Buffer, random: Random): string | undefined {
  const whole = read(stream, () => stream.length);
  const pieces = read(stream, () => random.between(1, random.chance(0.5) ? 8 : 70_000));
  if (whole.error !== pieces.error) return `the error is ${whole.error} uncut, ${pieces.error} in pieces`;
  const same =
    whole.payloads.length === pieces.payloads.length &&
    whole.payloads.every((payload, index) => payload.equals(pieces.payloads[index] as Buffer));
  if (!same) return `the ${whole.payloads.length} frames uncut differ from the ${pieces.payloads.length} in pieces`;
  return whole.allocationFault ?? pieces.allocationFault;
}

function read(stream: Buffer, pieceBytes: () => number): ReadResult {
  const payloads: Buffer[] = [];
  let allocationFault: string | undefined;
  let received = 0;
  const allocate = (bytes: number): Buffer => {
    const max = Math.max(TRUSTED_BYTES, Math.min(QUICK_BYTES, received * 128), received * GROWTH);
    if (bytes > max) allocationFault = `allocates ${bytes} bytes after receiving ${received}`;
    return Buffer.allocUnsafeSlow(bytes);
  };
  const reader = createFrameReader({}, { allocate, recycle: () => undefined });
  const onRun = (run: Buffer, _frames: number): void => {
    forEachFrame(run, (payload) => payloads.push(Buffer.from(payload)));
    // A client checks each frame for the closing notice.
    if (payloadStart(run, 0) > run.length) throw new Error('a run contains no whole frame');
    decodeClosing(run);
  };
  try {
    for (let at = 0; at < stream.length; ) {
      const end = Math.min(stream.length, at + pieceBytes());
      received = end;
      feed(reader, stream.subarray(at, end), onRun);
      at = end;
    }
    reader.end();
    return { payloads, error: undefined, allocationFault };
  } catch (error) {
    if (!(error instanceof LaunchpoolError)) throw error;
    return { payloads, error: String(error.code), allocationFault };
  }
}

/** Feeds a chunk as a connection does: the rest of a long frame goes into the reader's target. */
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
