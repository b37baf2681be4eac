/** How many may be connected at once, and what those hear that are too many. */
import type { Socket } from 'node:net';
import { LaunchpoolError, toPlain } from '../../../wire/errors.ts';
import { encodeTextFrame } from '../../../wire/frame.ts';
import { NULL_ID } from '../../../wire/id-text.ts';
import { encodeError } from '../../../wire/json-rpc.ts';

/** The most that have not passed the handshake. */
export const MAX_UNAUTHENTICATED = 128;
/** When to ask again, in milliseconds. */
const RETRY_AFTER_MS = 1_000;
/** How long those who are turned away may take to read why, and how many of them may at a time. */
const DRAIN_MS = 1_000;
const MAX_DRAINING = 32;

export type ConnectionLimitOptions = {
  /** The most connections. */
  max: number;
  /** How many there are now, and of these, how many have not passed the handshake. */
  connections: () => number;
  unauthenticated: () => number;
  /** Whether one can be told in a frame: not before the handshake, not as a raw agent, and not as nobody knows what. */
  speaks: () => boolean;
  onRejected: (error: LaunchpoolError) => void;
};

export type ConnectionLimit = {
  /** Whether there is room for one more; if not, it is turned away. */
  admit(socket: Socket): boolean;
};

export function createConnectionLimit({
  max,
  connections,
  unauthenticated,
  speaks,
  onRejected,
}: ConnectionLimitOptions): ConnectionLimit {
  const maxUnauthenticated = Math.min(max, MAX_UNAUTHENTICATED);
  // They have descriptors as well, of which there may be few.
  const maxDraining = Math.min(Math.ceil(max / 4), MAX_DRAINING);
  let draining = 0;

  function reject(socket: Socket, error: LaunchpoolError): void {
    onRejected(error);
    // Who goes away without having read it is no concern of anybody's.
    socket.on('error', () => socket.destroy());
    if (!speaks() || draining >= maxDraining) {
      socket.destroy();
      return;
    }
    draining += 1;
    socket.end(encodeTextFrame(encodeError(NULL_ID, toPlain(error))));
    // To close while something is unread would cut the answer off.
    socket.resume();
    const over = setTimeout(() => socket.destroy(), DRAIN_MS).unref();
    socket.once('close', () => {
      draining -= 1;
      clearTimeout(over);
    });
  }

  return {
    admit(socket) {
      if (connections() >= max) reject(socket, busy(`there are ${max} connections, and may be no more`));
      else if (unauthenticated() >= maxUnauthenticated)
        reject(socket, busy(`${maxUnauthenticated} connections have not been let in yet`));
      else return true;
      return false;
    },
  };
}

function busy(message: string): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_BUSY', message, { data: { retryAfterMs: RETRY_AFTER_MS } });
}
