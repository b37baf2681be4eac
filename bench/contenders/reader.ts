/** A server whose sockets read into the same memory again and again; node:net offers that to clients only. */
import { createServer, type Server, Socket } from 'node:net';

export type Write = (bytes: Uint8Array, written?: () => void) => void;

export type Reader = {
  /** The target of reads: always the same memory, or the result of a function before each read. */
  target: Uint8Array | (() => Uint8Array);
  /** Takes the bytes that were read: a view of the target, valid during the call. */
  take: (chunk: Buffer) => void;
};

/** @param open creates the reader of a new connection. */
export function createReadingServer(open: (write: Write) => Reader): Server {
  return createServer({ pauseOnConnect: true }, (accepted) => {
    // The handle is not documented; `onread` cannot be given to an accepted socket in another way.
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
