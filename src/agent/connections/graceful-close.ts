/** Closes sockets so that the client can still read the last output. */
import type { Socket } from 'node:net';
import { encodeClosing, isLongForm } from '../../../wire/closing.ts';

/** A refused client may write for this time before it reads the error. Closing at once would discard the error. */
const DRAIN_MS = 5_000;
/** Time to close for a client that understands the closing notice, and for one that only sees the end. */
export const CLOSE_NOTICE_MS = 1_000;
const END_MS = 250;

/** The frames of a connection that have been taken: what a closing notice says. */
export class TakenFrames {
  count = 0;
  /** Whether the first frame announced that the client understands the notice. */
  #understandsNotice = false;

  add(run: Buffer, frames: number): void {
    if (this.count === 0) this.#understandsNotice = isLongForm(run);
    this.count += frames;
  }

  /** Closes behind the last reply. Without a graceful close, only what was written before is sent. */
  close(socket: Socket, isGraceful: boolean): boolean {
    const isNoticed = isGraceful && (this.#understandsNotice || !socket.readableEnded);
    if (isNoticed) closeGracefully(socket, this.#understandsNotice ? this.count : undefined);
    else socket.destroySoon();
    return isNoticed;
  }
}

/** Ends the output after a refusal, and gives the client time to stop writing and read it. */
export function closeAfterRefusal(socket: Socket): void {
  socket.resume();
  socket.end(() => destroyAfter(socket, DRAIN_MS));
}

/**
 * Ends the output and lets the client close. If the agent closed first, a client that still writes would get an error
 * before it has read the last output.
 * @param frames the number of frames that were run, for a client that understands the closing notice.
 */
function closeGracefully(socket: Socket, frames: number | undefined): void {
  if (frames === undefined) socket.end(() => destroyAfter(socket, END_MS));
  else socket.end(encodeClosing(frames), () => destroyAfter(socket, CLOSE_NOTICE_MS));
  socket.resume();
}

/** Call it once the client has taken all output; the slow-client timeout covers the time before. */
function destroyAfter(socket: Socket, ms: number): void {
  setTimeout(() => socket.destroy(), ms).unref();
}
