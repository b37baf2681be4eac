/**
 * A client's conversation with an agent across several connections. When an agent closes gracefully, its closing notice
 * says how many frames it has run; the session sends the others to the next process of the agent. Callers notice nothing.
 */
import { isServiceTarget } from '../../wire/address.ts';
import type { LaunchpoolError } from '../../wire/errors.ts';
import type { ConnectOptions } from './connect-options.ts';
import { closedByClient } from './connection-errors.ts';
import type { Session, SessionEvents } from './session-types.ts';
import { openTransport, type Transport } from './transport.ts';
import { createUnconfirmedFrames, type SentFrame } from './unconfirmed-frames.ts';

/**
 * Resolves when frames can be sent. A target on NATS has a session of its own kind, which is loaded only for it.
 * @throws ERR_LAUNCHPOOL_ADDRESS_INVALID, ERR_LAUNCHPOOL_CONNECT_FAILED, ERR_LAUNCHPOOL_STOPPED, ERR_LAUNCHPOOL_SOCKET_OWNER, the ERR_LAUNCHPOOL_AUTH_* codes
 */
export async function openSession(target: string, options: ConnectOptions, events: SessionEvents): Promise<Session> {
  if (!isServiceTarget(target)) return openSocketSession(target, options, events);
  const { openNatsSession } = await import('./nats/open-nats-session.ts');
  return openNatsSession(target, options, events);
}

async function openSocketSession(target: string, options: ConnectOptions, events: SessionEvents): Promise<Session> {
  const { onFrame, onClose } = events;
  const unconfirmed = createUnconfirmedFrames();
  /** The number of frames on the current connection. */
  let framesSent = 0;
  let transport: Transport | undefined;
  let isKeptAlive = false;
  let endReason: LaunchpoolError | undefined;

  function end(reason: LaunchpoolError): void {
    if (endReason !== undefined) return;
    endReason = reason;
    unconfirmed.discardWhere(() => true);
    onClose(reason);
  }

  async function connect(): Promise<void> {
    let opened: Transport | undefined;
    opened = await openTransport(target, options, {
      onFrame,
      onClosing(framesRun) {
        if (opened === undefined || transport !== opened) return;
        transport = undefined;
        opened.close();
        unconfirmed.discardWhere((sent) => sent.index < framesRun);
        if (unconfirmed.all().length > 0) reconnect();
      },
      onClose(reason) {
        if (opened === undefined || transport !== opened) return;
        // Nothing is lost with a connection on which nothing was sent; the next frame opens another one.
        const isNothingLost = framesSent === 0 && reason.code === 'ERR_LAUNCHPOOL_CONNECTION_CLOSED';
        if (isNothingLost) transport = undefined;
        else end(reason);
      },
    });
    if (endReason !== undefined) return opened.close();
    transport = opened;
    opened.keepAlive(isKeptAlive);
    framesSent = 0;
    for (const sent of unconfirmed.all()) transmit(opened, sent);
  }

  let isConnecting = false;
  function reconnect(): void {
    if (isConnecting) return;
    isConnecting = true;
    connect()
      .catch(end)
      .finally(() => {
        isConnecting = false;
      });
  }

  function transmit(to: Transport, sent: SentFrame): void {
    sent.index = framesSent;
    framesSent += 1;
    to.send(sent.payload);
  }

  await connect();
  return {
    send(payload, { isNotification = false } = {}) {
      const sent: SentFrame = { payload, isNotification, index: -1 };
      unconfirmed.add(sent);
      if (transport === undefined) reconnect();
      else {
        transmit(transport, sent);
        // Only sent notifications are discarded: without a connection, none is.
        unconfirmed.trim(transport.unsentBytes);
      }
      return sent;
    },
    sendIfConnected(payload) {
      if (transport === undefined) return;
      framesSent += 1;
      transport.send(payload);
    },
    markRead: unconfirmed.markAnswered,
    markAnswered: unconfirmed.markAnswered,
    discard: unconfirmed.discard,
    keepAlive(on) {
      isKeptAlive = on;
      transport?.keepAlive(on);
    },
    close() {
      transport?.close();
      end(closedByClient());
    },
  };
}
