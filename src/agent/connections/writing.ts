/** Writes replies to sockets without copying what the kernel takes at once, and says how much it has taken. */
import type { Socket } from 'node:net';
import { COPIED_BYTES, type Retain } from '../../dispatch/connection/reply-queue.ts';

/**
 * Writes whole frames, whose bytes may be somebody else's afterwards.
 * @param keep makes them the socket's own for longer.
 * @returns whether nothing is left to be taken.
 */
export function writeFrames(socket: Socket, frames: Uint8Array, retain?: Retain): boolean {
  if (retain === undefined || (socket.writableLength > 0 && frames.length <= COPIED_BYTES)) {
    socket.write(Buffer.from(frames));
    return socket.writableLength === 0;
  }
  socket.write(frames);
  // As a rule the kernel has taken everything by now; an empty write is done when what is before it is.
  if (socket.writableLength === 0) return true;
  socket.write('', retain());
  return false;
}

type Handle = { bytesWritten?: number; writeQueueSize?: number };

/** How much the kernel has taken, of long writes that have only begun as well. */
export function sentBytesOf(socket: Pick<Socket, 'bytesWritten' | 'writableLength'>): number {
  const handle = (socket as unknown as { _handle?: Handle | null })._handle;
  // Of these two nothing is documented; where they are not there, whole writes count.
  const { bytesWritten = socket.bytesWritten, writeQueueSize = socket.writableLength } = handle ?? {};
  return bytesWritten - writeQueueSize;
}
