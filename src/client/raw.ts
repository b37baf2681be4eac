/** The client of a raw agent: bytes in, bytes out, in order. */
import type { LaunchpoolError } from '../../wire/errors.ts';
import { type CallOptions, limitCall } from './call-options.ts';
import { openSession, type Sent } from './session.ts';
import type { ConnectOptions } from './transport.ts';

export type RawClient = AsyncDisposable & {
  /**
   * Sends a message, which must not change before it is answered, and resolves with its reply. Many may be under way at once; replies come in the order of the
   * requests, so a call that is given up keeps its place.
   * @throws ERR_LAUNCHPOOL_CONNECTION_CLOSED, ERR_LAUNCHPOOL_CALL_TIMEOUT, or the signal's reason
   */
  request(message: Uint8Array | string, options?: CallOptions): Promise<Buffer>;
  /** Whether the connection is gone. */
  readonly closed: boolean;
  /** Closes the connection; calls under way are rejected. */
  close(): void;
};

/** A place in the row of replies. It is kept when its call is given up, for its reply still comes. */
type PendingReply = {
  sent: Sent;
  awaited: boolean;
  resolve: (reply: Buffer) => void;
  reject: (reason: unknown) => void;
};

/**
 * Connects to a raw agent. The process is kept alive only while replies are awaited.
 * @param target a socket's path if it contains `/`, otherwise an agent's label.
 * @throws ERR_LAUNCHPOOL_ADDRESS_INVALID, ERR_LAUNCHPOOL_CONNECT_FAILED, the ERR_LAUNCHPOOL_AUTH_* codes
 */
export async function connectRaw(target: string, options: ConnectOptions = {}): Promise<RawClient> {
  const places: PendingReply[] = [];
  let awaited = 0;
  let gone: LaunchpoolError | undefined;
  const session = await openSession(target, options, {
    onFrame(payload) {
      const place = places.shift();
      if (place === undefined) return;
      session.answered(place.sent);
      settle(place, () => place.resolve(payload));
    },
    onClose(reason) {
      gone = reason;
      for (const place of places.splice(0)) settle(place, () => place.reject(reason));
    },
  });

  function settle(place: PendingReply, how: () => void): void {
    if (!place.awaited) return;
    place.awaited = false;
    awaited -= 1;
    if (awaited === 0) session.keepAlive(false);
    how();
  }

  return {
    request(message, callOptions = {}) {
      if (gone !== undefined) return Promise.reject(gone);
      if (callOptions.signal?.aborted) return Promise.reject(callOptions.signal.reason);
      const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
      awaited += 1;
      if (awaited === 1) session.keepAlive(true);
      const sent = session.send(typeof message === 'string' ? Buffer.from(message) : message);
      const place: PendingReply = { sent, awaited: true, resolve, reject };
      places.push(place);
      return limitCall(promise, 'the request', callOptions, (reason) => settle(place, () => reject(reason)));
    },
    get closed() {
      return gone !== undefined;
    },
    close: session.close,
    async [Symbol.asyncDispose]() {
      session.close();
    },
  };
}
