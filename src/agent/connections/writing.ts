/** Writes replies to sockets, without a copy of the bytes that the kernel takes at once. */
import type { Socket } from 'node:net';
import { bufferCopy } from '../../../wire/copy.ts';
import { linesOf } from '../../../wire/line-reader.ts';
import { COPIED_BYTES, isShared } from '../../dispatch/connection/held-replies.ts';
import type { Retain } from '../../dispatch/connection/reply-queue.ts';
import type { Dispatcher } from '../../dispatch/dispatcher-options.ts';

/** Counts the bytes of a connection that the kernel has not taken. One per connection, once there are any. */
export class UnreadReplies {
  readonly #socket: Socket;
  readonly #memory: Pick<Dispatcher, 'hold'>;
  #counted = 0;
  /** The part that stands in shared memory, and is counted with that. */
  #sharedBytes = 0;
  #isWatching = false;

  constructor(socket: Socket, memory: Pick<Dispatcher, 'hold'>) {
    this.#socket = socket;
    this.#memory = memory;
  }

  /** Follows the writes so far until the kernel has taken them. */
  watch(): void {
    this.#update();
    if (this.#isWatching) return;
    this.#isWatching = true;
    const onTaken = (): void => {
      this.#isWatching = false;
      if (this.#socket.destroyed || this.#socket.writableLength === 0) this.#update();
      else this.watch();
    };
    // An empty write completes after the writes before it. After the last write, another one would be an error that costs
    // the client all replies that it has not read.
    if (this.#socket.writableEnded) this.#socket.once('finish', onTaken);
    else this.#socket.write('', onTaken);
  }

  /** As `watch()`, for a write from retained memory. */
  retain(bytes: number, isInSharedMemory: boolean, release: () => void): void {
    if (!isInSharedMemory) bytes = 0;
    this.#sharedBytes += bytes;
    this.#update();
    this.#socket.write('', () => {
      release();
      this.#sharedBytes -= bytes;
      this.#update();
    });
  }

  /** The connection is closed. */
  close(): void {
    this.#set(0);
  }

  #update(): void {
    this.#set(this.#socket.destroyed ? 0 : Math.max(0, this.#socket.writableLength - this.#sharedBytes));
  }

  #set(bytes: number): void {
    if (bytes === this.#counted) return;
    const more = bytes - this.#counted;
    this.#counted = bytes;
    this.#memory.hold('unread', more);
  }
}

/**
 * Writes whole frames. The caller may reuse their memory after the call.
 * @param account has the account of what the kernel does not take at once.
 * @param asLines whether the client reads lines.
 * @param retain keeps the memory until the kernel has taken the bytes; without it, the bytes are copied.
 * @returns whether the kernel has taken all output.
 */
export function writeFrames(
  socket: Socket,
  frames: Uint8Array,
  account: { readonly unreadReplies: UnreadReplies },
  asLines: boolean,
  retain?: Retain,
): boolean {
  const isCopied = asLines || retain === undefined || (socket.writableLength > 0 && frames.length <= COPIED_BYTES);
  socket.write(asLines ? linesOf(frames) : isCopied ? bufferCopy(frames) : frames);
  // Usually the kernel has taken everything by now.
  if (socket.writableLength === 0) return true;
  const { unreadReplies } = account;
  if (isCopied) unreadReplies.watch();
  else unreadReplies.retain(frames.length, isShared(frames), retain());
  return false;
}

/**
 * Writes whole frames of a stream, in memory of their own.
 * @param onTaken called when the kernel has taken them, or the socket is closed.
 * @returns whether the kernel has taken all output.
 */
export function writePart(
  socket: Socket,
  frames: Uint8Array,
  account: { readonly unreadReplies: UnreadReplies },
  asLines: boolean,
  onTaken: () => void,
): boolean {
  socket.write(asLines ? linesOf(frames) : frames);
  if (socket.writableLength > 0) account.unreadReplies.retain(frames.length, false, onTaken);
  else onTaken();
  return socket.writableLength === 0;
}

type Handle = { bytesWritten?: number; writeQueueSize?: number };

/** The number of bytes that the kernel has taken, including the taken part of an incomplete write. */
export function sentBytesOf(socket: Pick<Socket, 'bytesWritten' | 'writableLength'>): number {
  const handle = (socket as unknown as { _handle?: Handle | null })._handle;
  // Both properties are undocumented; without them, complete writes count.
  const { bytesWritten = socket.bytesWritten, writeQueueSize = socket.writableLength } = handle ?? {};
  return bytesWritten - writeQueueSize;
}
