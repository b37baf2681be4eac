/** What the timer of connection-checks.ts checks of one connection. */
import type { Socket } from 'node:net';
import { descriptorOf } from '../../../libc/socket-descriptor.ts';
import type { FrameReader } from '../../../wire/frame-reader.ts';
import type { IncomingPart } from './incoming-frames.ts';
import { type SlowClientReason, SlowClientTimeout } from './slow-client-timeout.ts';

export class ClientChecks {
  readonly #socket: Socket;
  readonly #reader: Pick<FrameReader, 'heldBytes' | 'announcedBytes'>;
  readonly #incoming: Pick<IncomingPart, 'isAwaited'>;
  readonly #isGone: (fd: number) => boolean;
  #timeout: SlowClientTimeout | undefined;

  /** @param isGone see SocketCalls. */
  constructor(
    socket: Socket,
    reader: Pick<FrameReader, 'heldBytes' | 'announcedBytes'>,
    incoming: Pick<IncomingPart, 'isAwaited'>,
    isGone: (fd: number) => boolean,
  ) {
    this.#socket = socket;
    this.#reader = reader;
    this.#incoming = incoming;
    this.#isGone = isGone;
  }

  /**
   * Whether a frame arrives, or a reply is taken, fast enough to keep the agent running.
   * @param isRead whether the agent still reads frames.
   */
  isProgressing(isRead: boolean): boolean {
    return this.#isTransferring(isRead) && (this.#timeout?.isProgressing ?? true);
  }

  /** Whether a frame has arrived in part, or replies wait to be taken. */
  #isTransferring(isRead: boolean): boolean {
    return this.#socket.writableLength > 0 || (this.#reader.heldBytes > 0 && isRead);
  }

  /**
   * Returns the reason to close the connection. The other parameters are those of SlowClientTimeout.
   * @param mayStart whether requests may start; if not, unread replies take too much memory.
   */
  check(now: number, frames: number, isRead: boolean, mayStart: boolean): SlowClientReason | undefined {
    this.#timeout = this.#isTransferring(isRead)
      ? (this.#timeout ?? new SlowClientTimeout(this.#socket, this.#reader))
      : undefined;
    return this.#timeout?.check(now, frames, isRead, { frame: this.#incoming.isAwaited, replies: !mayStart });
  }

  /** Whether the client has closed the connection while it is paused: the event loop does not report that. */
  isGoneWhilePaused(): boolean {
    if (!this.#socket.isPaused()) return false;
    const fd = descriptorOf(this.#socket);
    return fd !== undefined && this.#isGone(fd);
  }
}
