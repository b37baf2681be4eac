/** The client of a raw agent: sends messages of bytes and receives their replies in order. */
import { withoutCredentials } from '../../wire/address.ts';
import { calls } from '../../wire/call-channel.ts';
import type { LaunchpoolError } from '../../wire/errors.ts';
import { type CallOptions, limitCall } from './call-options.ts';
import type { ConnectOptions } from './connect-options.ts';
import { describedAs } from './described.ts';
import { openSession } from './session.ts';
import { startInSight } from './trace.ts';
import type { SentFrame } from './unconfirmed-frames.ts';

export type RawClient = AsyncDisposable & {
  /**
   * Sends a message and resolves with its reply. The message must not change before its reply arrives. Requests may
   * overlap. Replies come in the order of the requests, so the reply of a cancelled request is still awaited and dropped.
   * @throws ERR_LAUNCHPOOL_CONNECTION_CLOSED, ERR_LAUNCHPOOL_CALL_TIMEOUT, or the signal's reason
   */
  request(message: Uint8Array | string, options?: CallOptions): Promise<Buffer>;
  /** Whether the connection is closed. */
  readonly closed: boolean;
  /** Closes the connection and rejects the open requests. */
  close(): void;
};

/** An entry of the queue of expected replies. It stays in the queue when its request is cancelled. */
type PendingReply = {
  sent: SentFrame;
  isOpen: boolean;
  resolve: (reply: Buffer) => void;
  reject: (reason: unknown) => void;
};

/**
 * Connects to a raw agent and starts it if it does not run. The connection keeps the process alive only while requests
 * are open.
 * @param target the path of a socket if it contains `/`, otherwise the label of an agent; or `nats://HOST/NAME`, a service on NATS.
 * @throws ERR_LAUNCHPOOL_ADDRESS_INVALID, ERR_LAUNCHPOOL_CONNECT_FAILED, ERR_LAUNCHPOOL_SOCKET_OWNER, the ERR_LAUNCHPOOL_AUTH_* codes
 */
export async function connectRaw(target: string, options: ConnectOptions = {}): Promise<RawClient> {
  const prototype = describedAs('RawClient', target);
  const shownTarget = withoutCredentials(target);
  const pending: PendingReply[] = [];
  let openRequests = 0;
  let closeReason: LaunchpoolError | undefined;
  const session = await openSession(target, options, {
    onFrame(payload, from) {
      const next = from === undefined ? pending[0] : pending.find(({ sent }) => sent === from.oldest);
      if (next === undefined) return;
      remove(next);
      session.markAnswered(next.sent);
      settle(next, () => next.resolve(payload));
    },
    onClose(reason) {
      closeReason = reason;
      for (const each of pending.splice(0)) settle(each, () => each.reject(reason));
    },
  });

  function remove(reply: PendingReply): void {
    if (pending[0] === reply) pending.shift();
    else pending.splice(pending.indexOf(reply), 1);
  }

  function settle(request: PendingReply, resolveOrReject: () => void): void {
    if (!request.isOpen) return;
    request.isOpen = false;
    openRequests -= 1;
    if (openRequests === 0) session.keepAlive(false);
    resolveOrReject();
  }

  function request(message: Uint8Array | string, callOptions: CallOptions): Promise<Buffer> {
    if (closeReason !== undefined) return Promise.reject(closeReason);
    if (callOptions.signal?.aborted) return Promise.reject(callOptions.signal.reason);
    if (typeof message !== 'string' && !(message instanceof Uint8Array)) return Promise.reject(notBytes(message));
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
    openRequests += 1;
    if (openRequests === 1) session.keepAlive(true);
    const fail = (reason: LaunchpoolError): void => {
      remove(entry);
      settle(entry, () => reject(reason));
    };
    const facts = { isRepeatable: callOptions.repeatable === true, fail };
    const sent = session.send(typeof message === 'string' ? Buffer.from(message) : message, facts);
    const entry: PendingReply = { sent, isOpen: true, resolve, reject };
    pending.push(entry);
    return limitCall(promise, 'the request', callOptions, (reason) => settle(entry, () => reject(reason)));
  }

  const client: RawClient = {
    request(message, callOptions = {}) {
      if (!calls.hasSubscribers) return request(message, callOptions);
      const facts = { method: undefined, id: undefined, target: shownTarget, trace: undefined };
      return startInSight(facts, () => ({ result: request(message, callOptions) })).result;
    },
    get closed() {
      return closeReason !== undefined;
    },
    close: session.close,
    async [Symbol.asyncDispose]() {
      session.close();
    },
  };
  return Object.setPrototypeOf(client, prototype);
}

function notBytes(message: unknown): TypeError {
  return new TypeError(
    `a raw message is a Uint8Array or text, and this is ${message === null ? 'null' : typeof message}`,
  );
}
