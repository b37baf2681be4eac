/** How long a client may take for what it has begun: to send a frame, and to read what waits for it. */
import type { Socket } from 'node:net';
import type { FrameReader } from '../../../wire/frame-reader.ts';
import { sentBytesOf } from './writing.ts';

/** A frame that has begun may take so long, and a second more for each so many bytes that it announces. */
export const FRAME_MS = 30_000;
export const BYTES_PER_SECOND: number = 64 * 1024;
/** So long may pass without anything being read of what waits. */
export const UNREAD_MS = 60_000;

/** What is looked at. */
export type Writes = Pick<Socket, 'writableLength' | 'isPaused' | 'bytesWritten'>;
export type Reads = Pick<FrameReader, 'heldBytes' | 'announcedBytes'>;

/** What is lost: the patience with a frame, or with replies that nobody reads. */
export type SlowClientReason = 'slow-frame' | 'unread';

/** With one connection; there is one only while something has begun. */
export class SlowClientTimeout {
  /** Whether the other side gets on so well that the agent should stay for it. */
  isProgressing = true;
  readonly #socket: Writes;
  readonly #reader: Reads;
  #frame = -1;
  #frameSince = 0;
  #sent = -1;
  #sentAt = 0;

  constructor(socket: Writes, reader: Reads) {
    this.#socket = socket;
    this.#reader = reader;
  }

  /**
   * Looks how far it has come by now.
   * @param now on a clock of milliseconds.
   * @param frames how many whole frames have come: that tells one from the next.
   * @param isRead whether what comes is of any interest.
   */
  check(now: number, frames: number, isRead: boolean): SlowClientReason | undefined {
    const frame = isRead ? this.#checkFrame(now, frames) : 'none';
    const replies = this.#checkReplies(now);
    this.isProgressing = frame === 'in-time' || replies === 'taken';
    if (frame === 'too-late') return 'slow-frame';
    return replies === 'waiting' && now - this.#sentAt >= UNREAD_MS ? 'unread' : undefined;
  }

  #checkFrame(now: number, frames: number): 'none' | FrameState {
    const { heldBytes, announcedBytes } = this.#reader;
    if (heldBytes === 0) {
      this.#frame = -1;
      return 'none';
    }
    // As long as it is this side that does not read, the frame cannot come.
    if (frames !== this.#frame || this.#socket.isPaused()) {
      this.#frame = frames;
      this.#frameSince = now;
      return 'in-time';
    }
    const tookMs = now - this.#frameSince;
    if (tookMs > allowedMs(announcedBytes)) return 'too-late';
    return tookMs > allowedMs(heldBytes) ? 'dripping' : 'in-time';
  }

  #checkReplies(now: number): 'none' | 'taken' | 'waiting' {
    const sent = sentBytesOf(this.#socket);
    const isWaiting = this.#socket.writableLength > 0;
    if (isWaiting && sent === this.#sent) return 'waiting';
    this.#sent = sent;
    this.#sentAt = now;
    return isWaiting ? 'taken' : 'none';
  }
}

/** A frame that comes, but so slowly that it would be too late if it ended here, is dripping. */
type FrameState = 'in-time' | 'dripping' | 'too-late';

function allowedMs(bytes: number): number {
  return FRAME_MS + (bytes / BYTES_PER_SECOND) * 1000;
}
