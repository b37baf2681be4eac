/** A server whose sockets read into one piece of memory again and again, which node:net offers to clients only. */
import { createServer, type Server, Socket } from 'node:net';

export type Write = (bytes: Uint8Array, written?: () => void) => void;

export type Reader = {
  /** Where a read goes: always to the same memory, or to what the function says before each one. */
  target: Uint8Array | (() => Uint8Array);
  /** Takes what has been read, which is a view of the target and valid during the call. */
  take: (chunk: Buffer) => void;
};

/** @param open makes the reader of a new connection. */
export function createReadingServer(open: (write: Write) => Reader): Server {
  return createServer({ pauseOnConnect: true }, (accepted) => {
    // The handle is not documented; there is no other way to give `onread` to a socket that was accepted.
    const inner = accepted as unknown as { _handle: object | null };
    const handle = inner._handle;
    if (handle === null) return;
    inner._handle = null;
    const { target, take } = open((bytes, written) => socket.write(bytes, written));
    const onread = {
      buffer: target,
      callback: (length: number, buffer: Uint8Array): boolean => {
        take(Buffer.from(buffer.buffer, buffer.byteOffset, length));
        return true;
      },
    };
    const socket = new Socket({ handle, onread } as ConstructorParameters<typeof Socket>[0]);
    socket.on('error', () => socket.destroy());
    socket.resume();
  });
}
