/** Writes frames to the stream of a client's connection. */
import type { Writable } from 'node:stream';
import { longHeader } from '../../wire/closing.ts';
import { encodeFrame, frameHeader } from '../../wire/frame.ts';

/** Up to this length, a frame is copied behind its header into one buffer; above, header and payload are two writes. */
const MAX_COPY_BYTES = 16 * 1024;

export type FrameWriter = {
  /** Writes a frame of the handshake. */
  writeHandshake(payload: Uint8Array): void;
  /**
   * Writes a frame of the conversation. The first one has the long form of the header, which tells the agent that this
   * client understands the closing notice.
   */
  write(payload: Uint8Array): void;
};

export function createFrameWriter(socket: Writable): FrameWriter {
  let isFirst = true;

  function writeShort(payload: Uint8Array): void {
    if (payload.length <= MAX_COPY_BYTES) socket.write(encodeFrame(payload));
    else writeParts(frameHeader(payload.length), payload);
  }

  function writeParts(header: Buffer, payload: Uint8Array): void {
    socket.cork();
    socket.write(header);
    socket.write(payload);
    socket.uncork();
  }

  return {
    writeHandshake: writeShort,
    write(payload) {
      if (isFirst) writeParts(longHeader(payload.length), payload);
      else writeShort(payload);
      isFirst = false;
    },
  };
}
