/** Reads all sockets into one shared buffer, instead of a new buffer for each read. */
import type { Socket } from 'node:net';
import { AcceptedSocket } from './readable-after-errors.ts';

/** The size of the shared buffer. Each chunk is consumed before the next read of any connection. */
const READ_BYTES = 256 * 1024;
/** The size of the first read after a long frame. If another long frame follows, a short read leaves less to copy. */
const PEEK_BYTES = 16 * 1024;
/** The size of a read while memory is short: of each connection, at most so much of an unfinished frame is held. */
const SHORT_BYTES = 4 * 1024;
/**
 * The handle keeps some memory for each renewal until it closes (StreamBase::UseUserBuffer() in
 * https://github.com/nodejs/node/blob/main/src/stream_base.cc). A socket with so many reads in short pieces from then on.
 */
const MAX_RENEWALS = 256;
let shared: Buffer | undefined;
let peek: Buffer | undefined;
let short: Buffer | undefined;
const NOWHERE: Buffer = Buffer.alloc(0);

export type Reading = {
  /** Takes a chunk, which is valid during the call only. */
  onChunk(chunk: Buffer): void;
  /** The memory for the next read; undefined for the shared buffer. Called before each read. */
  target(): Buffer | undefined;
  /** Called after a read into the target, with the number of bytes. */
  onFilled(bytes: number): void;
};

type Handle = { useUserBuffer?: (buffer: Buffer) => void };

/** Whether the next read into the shared buffer must be a short one. */
export type ReadSize = { readonly readsShort: boolean };

export type ReadSocket = {
  /** The socket to use from now on, which reads from the next turn of the event loop on. */
  socket: Socket;
  /** Chooses the memory for the next read again. */
  renew(): void;
};

/**
 * Takes over an accepted, paused socket.
 *
 * node:net supports `onread` for connecting sockets only
 * (https://nodejs.org/api/net.html#socketconnectoptions-connectlistener), so the handle moves to a new socket. Handles
 * are undocumented; without the expected method, chunks arrive by 'data' events.
 */
export function readSocket(accepted: Socket, reading: Reading, size: ReadSize): ReadSocket {
  const inner = accepted as unknown as { _handle: Handle | null };
  const handle = inner._handle;
  if (typeof handle?.useUserBuffer !== 'function') {
    accepted.on('data', (chunk: Buffer) => reading.onChunk(chunk));
    // A 'data' listener does not start a socket that was paused explicitly.
    return { socket: accepted.resume(), renew: () => undefined };
  }
  shared ??= Buffer.allocUnsafeSlow(READ_BYTES);
  peek ??= shared.subarray(0, PEEK_BYTES);
  short ??= shared.subarray(0, SHORT_BYTES);
  const [whole, start, little] = [shared, peek, short];
  let current: Buffer = NOWHERE;
  let isTarget = false;
  let mustReadShort = false;

  const callback = (length: number): boolean => {
    if (isTarget) reading.onFilled(length);
    else reading.onChunk(current.subarray(0, length));
    return true;
  };
  /** Called at the start and after each read; undefined keeps the current buffer. */
  const buffer = (): Buffer | undefined => {
    const target = reading.target();
    const next = target ?? (mustReadShort || size.readsShort ? little : isTarget ? start : whole);
    isTarget = target !== undefined;
    if (next === current) return undefined;
    current = next;
    return next;
  };

  inner._handle = null;
  const options = { handle, allowHalfOpen: true, onread: { buffer, callback } };
  const socket = new AcceptedSocket(options as unknown as ConstructorParameters<typeof Socket>[0]);
  socket.resume();
  let renewals = 0;
  const renew = (): void => {
    if (socket.destroyed) return;
    renewals += 1;
    mustReadShort ||= renewals >= MAX_RENEWALS;
    const next = buffer();
    if (next !== undefined) handle.useUserBuffer?.(next);
  };
  return { socket, renew };
}
