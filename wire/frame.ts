/**
 * The layout of a frame, as Python's multiprocessing.connection writes it
 * (https://github.com/python/cpython/blob/main/Lib/multiprocessing/connection.py, Connection._send_bytes):
 *
 *     payload of at most 2^31 - 1 bytes         a longer one
 *     ┌──────────────┬───────────────┐          ┌──────────────┬────────────────┬───────────────┐
 *     │ length       │ payload       │          │ -1           │ length         │ payload       │
 *     │ int32, big-  │ length bytes  │          │ int32, big-  │ uint64, big-   │ length bytes  │
 *     │ endian       │               │          │ endian       │ endian         │               │
 *     └──────────────┴───────────────┘          └──────────────┴────────────────┴───────────────┘
 */
import { LaunchpoolError } from './errors.ts';

/** The longest payload that the short header can announce, in bytes. */
export const MAX_SHORT_LENGTH = 0x7fff_ffff;
export const SHORT_HEADER_BYTES = 4;
export const LONG_HEADER_BYTES = 12;
/** The default of the longest payload: 64 MiB. A frame of exactly this length is accepted. */
export const DEFAULT_MAX_FRAME_BYTES: number = 64 * 1024 * 1024;

/** How many bytes the header of a payload of `length` bytes takes. */
export function headerBytes(length: number): number {
  return length > MAX_SHORT_LENGTH ? LONG_HEADER_BYTES : SHORT_HEADER_BYTES;
}

/** Writes the header for a payload of `length` bytes at `offset`; returns the offset behind it. */
export function writeHeader(target: Buffer, length: number, offset = 0): number {
  if (length <= MAX_SHORT_LENGTH) return target.writeInt32BE(length, offset);
  return target.writeBigUInt64BE(BigInt(length), target.writeInt32BE(-1, offset));
}

/** The header alone, for a payload that is written behind it without a copy. */
export function frameHeader(length: number): Buffer {
  const header = Buffer.allocUnsafe(headerBytes(length));
  writeHeader(header, length);
  return header;
}

/** A whole frame, in memory of its own, which may be transferred to another thread. */
export function encodeFrame(payload: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafeSlow(headerBytes(payload.length) + payload.length);
  frame.set(payload, writeHeader(frame, payload.length));
  return frame;
}

/** As {@link encodeFrame}, for text, which is encoded as UTF-8. */
export function encodeTextFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const frame = Buffer.allocUnsafeSlow(headerBytes(length) + length);
  frame.write(text, writeHeader(frame, length), 'utf8');
  return frame;
}

/**
 * Reads the header at `offset` of bytes that may end anywhere.
 *
 * @returns the payload's length in bytes, or undefined while the header is incomplete. Lengths over 2^53 are rounded:
 *   they exceed every limit anyway.
 * @throws ERR_LAUNCHPOOL_FRAME_INVALID for a negative length other than -1.
 */
export function readHeader(bytes: Buffer, offset: number, end: number = bytes.length): number | undefined {
  if (end - offset < SHORT_HEADER_BYTES) return undefined;
  const length = bytes.readInt32BE(offset);
  if (length >= 0) return length;
  if (length !== -1) {
    throw new LaunchpoolError('ERR_LAUNCHPOOL_FRAME_INVALID', `the frame header announces a length of ${length}`, {
      hint: 'Is the other side speaking the framing of multiprocessing.connection?',
    });
  }
  if (end - offset < LONG_HEADER_BYTES) return undefined;
  return bytes.readUInt32BE(offset + 4) * 0x1_0000_0000 + bytes.readUInt32BE(offset + 8);
}

/** Where the payload of the whole frame at `offset` begins. */
export function payloadStart(run: Buffer, offset: number): number {
  // The long form may announce a short payload: only the first field tells the form.
  return offset + (run.readInt32BE(offset) === -1 ? LONG_HEADER_BYTES : SHORT_HEADER_BYTES);
}

/** The length of the payload of the whole frame at `offset`. */
export function payloadLength(run: Buffer, offset: number): number {
  return readHeader(run, offset) as number;
}
