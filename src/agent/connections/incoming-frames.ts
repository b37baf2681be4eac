/**
 * Frames that have arrived in part, over all connections: their bytes count as they arrive, and have a limit. At the limit
 * only the oldest of them is read on, so that half frames cannot keep a whole one from arriving: it ends, or its connection
 * is closed after its time limit. The time limits of the others do not run while the agent does not read them. Connections
 * without such a frame are read on in small pieces.
 */
import type { FrameReader } from '../../../wire/frame-reader.ts';
import { oncePerTurn } from '../../dispatch/scheduling.ts';

/** Once full, it stays full until this share is free again: each change of state visits every connection. */
const FREE_AGAIN = 0.25;

/** A connection, as this file sees it. */
export type Incoming = {
  /**
   * Pauses the connection, or reads on.
   * @param isChanged whether `isFull` has changed.
   */
  balance(isChanged?: boolean): void;
};

export type IncomingFramesOptions = {
  /** The highest number of bytes of all frames, beyond the oldest one. */
  maxBytes: number;
  /** Counts the bytes where the agent's memory is counted. */
  count: (bytes: number) => void;
  /** The open connections. */
  connections: () => Iterable<Incoming>;
};

export type IncomingFrames = {
  /** Whether frames of the highest number of bytes have arrived in part. */
  readonly isFull: boolean;
  /** A connection holds this many bytes more, or fewer, of a frame. */
  add(bytes: number): void;
  /**
   * Whether a connection may be read now.
   * @param hasPart whether it has a frame that has arrived in part.
   */
  mayRead(connection: Incoming, hasPart: boolean): boolean;
  /** The connection cannot be read now, for other reasons, or is closed: another frame is the oldest. */
  leave(connection: Incoming): void;
};

export function createIncomingFrames({ maxBytes, count, connections }: IncomingFramesOptions): IncomingFrames {
  /** The connections that have part of a frame and could be read, in the order in which that began. */
  const readable = new Set<Incoming>();
  let bytes = 0;
  const wakeOldest = oncePerTurn(() => oldest()?.balance());

  function oldest(): Incoming | undefined {
    return readable.values().next().value;
  }

  function leave(connection: Incoming): void {
    if (readable.delete(connection) && frames.isFull) wakeOldest();
  }

  // A property, not a getter: it is read before each read.
  const frames = {
    isFull: false,
    add(more: number): void {
      bytes += more;
      count(more);
      if (frames.isFull ? bytes > (1 - FREE_AGAIN) * maxBytes : bytes < maxBytes) return;
      frames.isFull = !frames.isFull;
      for (const connection of connections()) connection.balance(true);
    },
    mayRead(connection: Incoming, hasPart: boolean): boolean {
      if (!hasPart) {
        leave(connection);
        return true;
      }
      readable.add(connection);
      return !frames.isFull || oldest() === connection;
    },
    leave,
  };
  return frames;
}

/** The part of a frame that one connection holds. */
export class IncomingPart {
  readonly #connection: Incoming;
  readonly #reader: Pick<FrameReader, 'heldBytes' | 'drop'>;
  readonly #frames: IncomingFrames;
  #counted = 0;

  constructor(connection: Incoming, reader: Pick<FrameReader, 'heldBytes' | 'drop'>, frames: IncomingFrames) {
    this.#connection = connection;
    this.#reader = reader;
    this.#frames = frames;
  }

  /** Must be called when the part has changed. */
  count(): void {
    const more = this.#reader.heldBytes - this.#counted;
    if (more === 0) return;
    this.#counted += more;
    // The next frame is a new one in the order of frames.
    if (this.#counted === 0) this.#frames.leave(this.#connection);
    this.#frames.add(more);
  }

  /** Whether the next read must be a short one. */
  get readsShort(): boolean {
    return this.#frames.isFull && this.#counted === 0;
  }

  /** Whether other frames wait for the end of this one. */
  get isAwaited(): boolean {
    return this.#frames.isFull && this.#counted > 0;
  }

  /** @param isBlocked whether the connection cannot be read for other reasons. */
  mayRead(isBlocked: boolean): boolean {
    if (!isBlocked) return this.#frames.mayRead(this.#connection, this.#counted > 0);
    this.#frames.leave(this.#connection);
    return false;
  }

  /** No frame of this connection is read any more. */
  drop(): void {
    this.#reader.drop();
    this.count();
    this.#frames.leave(this.#connection);
  }
}
