/** Reads sockets into one piece of memory, again and again, instead of a new one for each read. */
import { Socket } from 'node:net';

/** All connections share it: what a read leaves in it is used up before the next one. */
const READ_BYTES = 256 * 1024;
let shared: Buffer | undefined;

type Handle = { useUserBuffer?: unknown };

/**
 * Takes over a socket that was accepted, paused, and hands its chunks to `onChunk`, which must not keep them.
 *
 * node:net offers `onread` to sockets that connect, not to those that were accepted
 * (https://nodejs.org/api/net.html#socketconnectoptions-connectlistener), so the handle moves to a new socket. It is
 * not documented; where it is not what is expected, the chunks come by 'data' as they always do.
 *
 * @returns the socket to go on with; it reads from the next turn of the event loop on.
 */
export function readSocket(accepted: Socket, onChunk: (chunk: Buffer) => void): Socket {
  const inner = accepted as unknown as { _handle: Handle | null };
  const handle = inner._handle;
  if (typeof handle?.useUserBuffer !== 'function') {
    accepted.on('data', onChunk);
    return accepted;
  }
  shared ??= Buffer.allocUnsafeSlow(READ_BYTES);
  const buffer = shared;
  const callback = (length: number): boolean => {
    onChunk(buffer.subarray(0, length));
    return true;
  };
  inner._handle = null;
  const options = { handle, allowHalfOpen: true, onread: { buffer, callback } };
  const socket = new Socket(options as unknown as ConstructorParameters<typeof Socket>[0]);
  socket.resume();
  return socket;
}
