/** Reads sockets into one piece of memory, again and again, instead of a new one for each read. */
import { Socket } from 'node:net';

/** All connections share it: what a read leaves in it is used up before the next one. */
const READ_BYTES = 256 * 1024;
/** Behind a long frame, as much is read at first: if another one follows, the less of it has to be copied the better. */
const PEEK_BYTES = 16 * 1024;
let shared: Buffer | undefined;
let peek: Buffer | undefined;
const NOWHERE: Buffer = Buffer.alloc(0);

export type Reading = {
  /** Receives what was read, and must not keep it. */
  onChunk(chunk: Buffer): void;
  /** Where to read to, if that is not all the same; asked before each read. */
  target(): Buffer | undefined;
  /** Says how many bytes have been read to the target. */
  onFilled(bytes: number): void;
};

type Handle = { useUserBuffer?: unknown };

/**
 * Takes over a socket that was accepted, paused.
 *
 * node:net offers `onread` to sockets that connect, not to those that were accepted
 * (https://nodejs.org/api/net.html#socketconnectoptions-connectlistener), so the handle moves to a new socket. It is
 * not documented; where it is not what is expected, the chunks come by 'data' as they always do.
 *
 * @returns the socket to go on with; it reads from the next turn of the event loop on.
 */
export function readSocket(accepted: Socket, reading: Reading): Socket {
  const inner = accepted as unknown as { _handle: Handle | null };
  const handle = inner._handle;
  if (typeof handle?.useUserBuffer !== 'function') {
    accepted.on('data', (chunk: Buffer) => reading.onChunk(chunk));
    // Who was paused does not begin to read because somebody listens.
    return accepted.resume();
  }
  shared ??= Buffer.allocUnsafeSlow(READ_BYTES);
  peek ??= shared.subarray(0, PEEK_BYTES);
  const [whole, start] = [shared, peek];
  let current: Buffer = NOWHERE;
  let isTarget = false;

  const callback = (length: number): boolean => {
    if (isTarget) reading.onFilled(length);
    else reading.onChunk(current.subarray(0, length));
    return true;
  };
  /** Asked when the socket begins, and after each read; undefined leaves the buffer as it is. */
  const buffer = (): Buffer | undefined => {
    const wanted = reading.target();
    const next = wanted ?? (isTarget ? start : whole);
    isTarget = wanted !== undefined;
    if (next === current) return undefined;
    current = next;
    return next;
  };

  inner._handle = null;
  const options = { handle, allowHalfOpen: true, onread: { buffer, callback } };
  const socket = new Socket(options as unknown as ConstructorParameters<typeof Socket>[0]);
  socket.resume();
  return socket;
}
