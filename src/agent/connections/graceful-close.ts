/** How a socket is closed so that the other side can still read what was said last. */
import type { Socket } from 'node:net';
import { encodeClosing } from '../../../wire/closing.ts';

/** How long a refused client may go on writing before it has to read why: closing at once would cut the answer off. */
const DRAIN_MS = 5_000;
/** How long a client that understands the notice may take to close after it, and one that only sees the end. */
export const CLOSE_NOTICE_MS = 1_000;
const END_MS = 250;

/** Closes behind what has been sent, and gives the other side time to stop writing and read it. */
export function hangUp(socket: Socket): void {
  socket.resume();
  socket.end(() => destroyAfter(socket, DRAIN_MS));
}

/**
 * Leaves it to the client to close: what it writes meanwhile would else come back to it as an error, before it has read
 * what was said last.
 * @param run how many frames have been run, for those who understand the notice.
 */
export function closeGracefully(socket: Socket, run: number | undefined): void {
  if (run === undefined) socket.end(() => destroyAfter(socket, END_MS));
  else socket.end(encodeClosing(run), () => destroyAfter(socket, CLOSE_NOTICE_MS));
  socket.resume();
}

/** Counted from when all that stands before it has been taken: whoever takes nothing for long is given up elsewhere. */
function destroyAfter(socket: Socket, ms: number): void {
  setTimeout(() => socket.destroy(), ms).unref();
}
