/** The connection limit: rejects connections over it, with an error where the client can read one. */
import type { Socket } from 'node:net';
import { LaunchpoolError, toPlain } from '../../../wire/errors.ts';
import { encodeTextFrame } from '../../../wire/frame.ts';
import { NULL_ID } from '../../../wire/id-text.ts';
import { encodeError } from '../../../wire/json-rpc.ts';

/** The limit of connections before the end of their handshake. */
export const MAX_UNAUTHENTICATED = 128;
/** After this time a rejected client may try again. */
const RETRY_AFTER_MS = 1_000;
/** A draining connection is rejected and still open, for its client to read the error. */
const DRAIN_MS = 1_000;
const MAX_DRAINING = 32;

export type ConnectionLimitOptions = {
  /** The maximum number of connections. */
  max: number;
  /** The number of open connections. */
  connections: () => number;
  /** The number of connections before the end of their handshake. */
  unauthenticated: () => number;
  /** Whether a client reads an error frame: only of an RPC agent, and not before a handshake. */
  canReply: () => boolean;
  onRejected: (error: LaunchpoolError) => void;
};

export type ConnectionLimit = {
  /** Returns whether the connection is within the limit; rejects it otherwise. */
  admit(socket: Socket): boolean;
};

export function createConnectionLimit({
  max,
  connections,
  unauthenticated,
  canReply,
  onRejected,
}: ConnectionLimitOptions): ConnectionLimit {
  const maxUnauthenticated = Math.min(max, MAX_UNAUTHENTICATED);
  // Draining connections use descriptors as well.
  const maxDraining = Math.min(Math.ceil(max / 4), MAX_DRAINING);
  let draining = 0;

  function reject(socket: Socket, error: LaunchpoolError): void {
    onRejected(error);
    // The client may close before it has read the error.
    socket.on('error', () => socket.destroy());
    if (!canReply() || draining >= maxDraining) {
      socket.destroy();
      return;
    }
    draining += 1;
    socket.end(encodeTextFrame(encodeError(NULL_ID, toPlain(error))));
    // Closing with unread input would discard the error.
    socket.resume();
    const over = setTimeout(() => socket.destroy(), DRAIN_MS).unref();
    socket.once('close', () => {
      draining -= 1;
      clearTimeout(over);
    });
  }

  return {
    admit(socket) {
      if (connections() >= max) reject(socket, busy(`the agent has reached its limit of ${max} connections`));
      else if (unauthenticated() >= maxUnauthenticated)
        reject(
          socket,
          busy(`the agent has reached its limit of ${maxUnauthenticated} connections without a handshake`),
        );
      else return true;
      return false;
    },
  };
}

function busy(message: string): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_BUSY', message, { data: { retryAfterMs: RETRY_AFTER_MS } });
}
