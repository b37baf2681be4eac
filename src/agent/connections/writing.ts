/** Writes replies to sockets, without a copy of the bytes that the kernel takes at once. */
import type { Socket } from 'node:net';
import { COPIED_BYTES, type Retain } from '../../dispatch/connection/reply-queue.ts';

/**
 * Writes whole frames. The caller may reuse their memory after the call.
 * @param retain keeps the memory until the kernel has taken the bytes; without it, the bytes are copied.
 * @returns whether the kernel has taken all output.
 */
export function writeFrames(socket: Socket, frames: Uint8Array, retain?: Retain): boolean {
  if (retain === undefined || (socket.writableLength > 0 && frames.length <= COPIED_BYTES)) {
    socket.write(Buffer.from(frames));
    return socket.writableLength === 0;
  }
  socket.write(frames);
  // Usually the kernel has taken everything by now. An empty write completes after the writes before it.
  if (socket.writableLength === 0) return true;
  socket.write('', retain());
  return false;
}

type Handle = { bytesWritten?: number; writeQueueSize?: number };

/** The number of bytes that the kernel has taken, including the taken part of an incomplete write. */
export function sentBytesOf(socket: Pick<Socket, 'bytesWritten' | 'writableLength'>): number {
  const handle = (socket as unknown as { _handle?: Handle | null })._handle;
  // Both properties are undocumented; without them, complete writes count.
  const { bytesWritten = socket.bytesWritten, writeQueueSize = socket.writableLength } = handle ?? {};
  return bytesWritten - writeQueueSize;
}
