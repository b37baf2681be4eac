/**
 * Sockets that are read to their end though nothing can be written to them any more. A client may send notifications and
 * close with a reply unread: the kernel has accepted what it sent, and reports EPIPE or ECONNRESET for each write. node:net
 * destroys a socket after a failed write, and with it the input that is not read yet.
 *
 * Linux gives all input of a UNIX socket before it reports ECONNRESET in place of the end (unix_stream_read_generic() in
 * https://github.com/torvalds/linux/blob/master/net/unix/af_unix.c); macOS gives all input and the end.
 */
import { Socket } from 'node:net';

type Written = (error?: Error | null) => void;

/** The codes of a write to a client that has closed, or that reads no more. */
const GONE: ReadonlySet<string | undefined> = new Set(['EPIPE', 'ECONNRESET']);

/** What the socket remembers beside its own state. */
type Remembered = {
  /** node:net passes the same callback to each write of a socket: each is wrapped once. */
  written: Written | undefined;
  wrapped: Written | undefined;
  isGone: boolean;
};

/** Emits `unreadable` when a write has failed because the client reads no more. */
export class AcceptedSocket extends Socket {
  #remembered: Remembered | undefined;

  override _write(chunk: unknown, encoding: BufferEncoding, written: Written): void {
    super._write(chunk, encoding, this.#tolerant(written));
  }

  override _writev(chunks: { chunk: unknown; encoding: BufferEncoding }[], written: Written): void {
    super._writev?.(chunks, this.#tolerant(written));
  }

  #tolerant(written: Written): Written {
    this.#remembered ??= { written: undefined, wrapped: undefined, isGone: false };
    const remembered = this.#remembered;
    if (remembered.wrapped !== undefined && remembered.written === written) return remembered.wrapped;
    remembered.written = written;
    remembered.wrapped = (error) => {
      if (!GONE.has((error as NodeJS.ErrnoException | null | undefined)?.code)) return written(error);
      if (!remembered.isGone) this.emit('unreadable', error);
      remembered.isGone = true;
      written();
    };
    return remembered.wrapped;
  }
}
