/** The slow-client timeout: limits the time to send a frame, and the time to read waiting replies. */
import type { Socket } from 'node:net';
import type { FrameReader } from '../../../wire/frame-reader.ts';
import { sentBytesOf } from './writing.ts';

/** Time for a frame, and one second more per BYTES_PER_SECOND of its announced length. */
export const FRAME_MS = 30_000;
export const BYTES_PER_SECOND: number = 64 * 1024;
/** Time within which the client must read some of the waiting replies. */
export const UNREAD_MS = 60_000;

/** The checked parts of a socket and of its frame reader. */
export type Writes = Pick<Socket, 'writableLength' | 'isPaused' | 'bytesWritten'>;
export type Reads = Pick<FrameReader, 'heldBytes' | 'announcedBytes'>;

/** A frame that takes too long, or replies that stay unread. */
export type SlowClientReason = 'slow-frame' | 'unread';

export type Others = { readonly frame?: boolean; readonly replies?: boolean };

/** One per connection, and only while a frame or a reply is in progress. */
export class SlowClientTimeout {
  /** Whether the client is fast enough to keep the agent running. */
  isProgressing = true;
  readonly #socket: Writes;
  readonly #reader: Reads;
  #frame = -1;
  #frameSince = 0;
  #sent = -1;
  #sentAt = 0;
  /** Since when replies have waited all the time, and what had been sent before. */
  #waitingSince = 0;
  #sentBefore = 0;
  #isWaiting = false;

  constructor(socket: Writes, reader: Reads) {
    this.#socket = socket;
    this.#reader = reader;
  }

  /**
   * Returns the reason to close the connection, if the client is too slow.
   * @param now in milliseconds, see ConnectionChecks.
   * @param frames the number of whole frames received, which identifies the current one.
   * @param isRead whether the agent still reads frames.
   * @param others what waits for this client, which must keep the rate all the time then: `frame` if the frames of others
   *   wait for the end of its frame, `replies` if no request may start before clients have read replies.
   */
  check(now: number, frames: number, isRead: boolean, others: Others = {}): SlowClientReason | undefined {
    const frame = isRead ? this.#checkFrame(now, frames) : 'none';
    const replies = this.#checkReplies(now);
    this.isProgressing = frame === 'in-time' || replies === 'taken';
    if (frame === 'too-late' || (frame === 'slow' && others.frame)) return 'slow-frame';
    if (replies === 'waiting' && now - this.#sentAt >= UNREAD_MS) return 'unread';
    return replies !== 'none' && others.replies && this.#readsSlowly(now) ? 'unread' : undefined;
  }

  #checkFrame(now: number, frames: number): 'none' | FrameState {
    const { heldBytes, announcedBytes } = this.#reader;
    if (heldBytes === 0) {
      this.#frame = -1;
      return 'none';
    }
    // While the agent does not read, the frame cannot arrive.
    if (frames !== this.#frame || this.#socket.isPaused()) {
      this.#frame = frames;
      this.#frameSince = now;
      return 'in-time';
    }
    const tookMs = now - this.#frameSince;
    if (tookMs > allowedMs(announcedBytes)) return 'too-late';
    return tookMs > allowedMs(heldBytes) ? 'slow' : 'in-time';
  }

  #checkReplies(now: number): 'none' | 'taken' | 'waiting' {
    const sent = sentBytesOf(this.#socket);
    const isWaiting = this.#socket.writableLength > 0;
    if (isWaiting && sent === this.#sent) return 'waiting';
    this.#sent = sent;
    this.#sentAt = now;
    if (isWaiting && this.#isWaiting) return 'taken';
    this.#isWaiting = isWaiting;
    this.#waitingSince = now;
    this.#sentBefore = sent;
    return isWaiting ? 'taken' : 'none';
  }

  /** Whether the client has read fewer bytes in this time than it must. */
  #readsSlowly(now: number): boolean {
    const needsMs = ((this.#sent - this.#sentBefore) / BYTES_PER_SECOND) * 1000;
    return now - this.#waitingSince >= UNREAD_MS + needsMs;
  }
}

/** A frame is `slow` when its received part took longer than a whole frame of that length may take. */
type FrameState = 'in-time' | 'slow' | 'too-late';

function allowedMs(bytes: number): number {
  return FRAME_MS + (bytes / BYTES_PER_SECOND) * 1000;
}
