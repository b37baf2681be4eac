/**
 * A conversation that outlives its connection: when the agent closes one on purpose and says how much it has run, the
 * rest is sent to the next agent, and nobody who waits for a reply notices anything.
 */
import type { LaunchpoolError } from '../../wire/errors.ts';
import { type ConnectOptions, closedHere, openTransport, type Transport } from './transport.ts';

/** As many notifications are kept for being sent again; nothing tells when they have been run. */
const MAX_NOTES = 1_000;

export type SessionEvents = {
  /** A whole frame came. Its bytes may be kept. */
  onFrame: (payload: Buffer) => void;
  /** Called once, when the conversation is over. */
  onClose: (reason: LaunchpoolError) => void;
};

/** A frame that may have to be sent again. */
export type Sent = {
  readonly payload: Uint8Array;
  /** Whether no reply to it will come. */
  readonly isNote: boolean;
  /** How many frames went before it on its connection. */
  place: number;
};

export type Session = {
  /** Sends a frame. Its bytes must not change before it is answered. */
  send(payload: Uint8Array, isNote?: boolean): Sent;
  /** Sends a frame that is of use now or not at all: without a connection, it is not sent. */
  tell(payload: Uint8Array): void;
  /** Says that a frame has been answered, and so that all before it have been read as well. */
  answered(sent: Sent): void;
  /** Says that nobody waits for the reply any more. */
  forget(sent: Sent): void;
  /** Whether the process is kept alive for its sake: while replies are awaited. */
  keepAlive(on: boolean): void;
  close(): void;
};

/**
 * Resolves when frames can be sent.
 * @throws ERR_LAUNCHPOOL_ADDRESS_INVALID, ERR_LAUNCHPOOL_CONNECT_FAILED, the ERR_LAUNCHPOOL_AUTH_* codes
 */
export async function openSession(target: string, options: ConnectOptions, events: SessionEvents): Promise<Session> {
  const { onFrame, onClose } = events;
  /** Those that may have to be sent again, in the order of their places. */
  let kept: Sent[] = [];
  let notes = 0;
  let places = 0;
  let transport: Transport | undefined;
  let alive = false;
  let over: LaunchpoolError | undefined;

  function end(reason: LaunchpoolError): void {
    if (over !== undefined) return;
    over = reason;
    kept = [];
    onClose(reason);
  }

  async function connect(): Promise<void> {
    let mine: Transport | undefined;
    mine = await openTransport(target, options, {
      onFrame,
      onClosing(run) {
        if (mine === undefined || transport !== mine) return;
        transport = undefined;
        mine.close();
        drop((sent) => sent.place < run);
        if (kept.length > 0) reconnect();
      },
      onClose(reason) {
        if (mine === undefined || transport !== mine) return;
        // On a connection to which nothing has been said, nothing can be lost; the next frame makes another.
        const isNothingLost = places === 0 && reason.code === 'ERR_LAUNCHPOOL_CONNECTION_CLOSED';
        if (isNothingLost) transport = undefined;
        else end(reason);
      },
    });
    if (over !== undefined) return mine.close();
    transport = mine;
    mine.keepAlive(alive);
    places = 0;
    for (const sent of kept) put(mine, sent);
  }

  let connecting = false;
  function reconnect(): void {
    if (connecting) return;
    connecting = true;
    connect()
      .catch(end)
      .finally(() => {
        connecting = false;
      });
  }

  function put(to: Transport, sent: Sent): void {
    sent.place = places;
    places += 1;
    to.send(sent.payload);
  }

  function drop(isDone: (sent: Sent) => boolean): void {
    kept = kept.filter((sent) => !isDone(sent));
    notes = kept.filter(({ isNote }) => isNote).length;
  }

  function dropOldestNote(): void {
    const oldest = kept.findIndex(({ isNote }) => isNote);
    if (oldest === 0) kept.shift();
    else kept.splice(oldest, 1);
    notes -= 1;
  }

  await connect();
  return {
    send(payload, isNote = false) {
      const sent: Sent = { payload, isNote, place: -1 };
      kept.push(sent);
      if (isNote) notes += 1;
      if (transport === undefined) reconnect();
      else {
        put(transport, sent);
        // What is dropped has been sent; as long as there is no connection, nothing is.
        if (notes > MAX_NOTES) dropOldestNote();
      }
      return sent;
    },
    tell(payload) {
      if (transport === undefined) return;
      places += 1;
      transport.send(payload);
    },
    answered(sent) {
      while (kept[0] !== undefined && kept[0].place <= sent.place) {
        if (kept.shift()?.isNote) notes -= 1;
      }
    },
    forget(sent) {
      drop((each) => each === sent);
    },
    keepAlive(on) {
      alive = on;
      transport?.keepAlive(on);
    },
    close() {
      transport?.close();
      end(closedHere());
    },
  };
}
