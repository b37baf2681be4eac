/** Who may speak: the authkey handshake of a connection, with its deadline. Knows nothing of what is said later. */
import { LaunchpoolError } from '../../wire/errors.ts';

export type GateOptions = {
  /** The shared key; without one everybody who reaches the socket may speak. */
  authkey: Uint8Array | undefined;
  /** Whether HMAC-MD5 is allowed, which Python up to 3.11 needs. */
  md5: boolean;
  /** How long the handshake may take, in milliseconds. Without a deadline, a key on one side only hangs for ever. */
  handshakeMs: number;
};

export type Gate = {
  /**
   * Lets one connection begin.
   * @param send sends the payload of a frame.
   * @param settled hears once how it ended; a refusal has been told the other side already.
   */
  open(send: (payload: Buffer) => void, settled: (refusal?: LaunchpoolError) => void): PendingHandshake;
  /** How many have connected and have not been let in: those that are refused stay until they have left. */
  readonly unauthenticated: number;
};

/** A connection at the gate. */
export type PendingHandshake = {
  receive(payload: Buffer): void;
  /** What has come is no handshake: so it ends, if it has not ended yet. */
  refuse(error: LaunchpoolError): void;
  /** The connection is gone. */
  leave(): void;
};

/** Returns undefined where everybody may speak. */
export async function createGate({ authkey, md5, handshakeMs }: GateOptions): Promise<Gate | undefined> {
  if (authkey === undefined) return undefined;
  // node:crypto takes some milliseconds to load, and most agents have no key.
  const { createHandshake } = await import('../../wire/handshake.ts');
  const unauthenticated = new Set<PendingHandshake>();

  return {
    get unauthenticated() {
      return unauthenticated.size;
    },
    open(send, settled) {
      const handshake = createHandshake({ role: 'server', authkey, md5 });
      let over = false;
      const settle = (refusal?: LaunchpoolError): void => {
        over = true;
        clearTimeout(deadline);
        if (refusal === undefined) unauthenticated.delete(pending);
        settled(refusal);
      };
      // Timers come before input in a turn of the event loop: what has come by then is read first.
      const deadline = setTimeout(setImmediate, handshakeMs, () => {
        if (unauthenticated.has(pending) && !over) settle(tooLate(handshakeMs));
      });
      handshake.start().forEach(send);
      const pending: PendingHandshake = {
        receive(payload) {
          if (over) return;
          const step = handshake.receive(payload);
          step.send.forEach(send);
          if (step.done || step.error !== undefined) settle(step.error);
        },
        refuse(error) {
          if (!over) settle(error);
        },
        leave() {
          clearTimeout(deadline);
          unauthenticated.delete(pending);
        },
      };
      unauthenticated.add(pending);
      return pending;
    },
  };
}

function tooLate(handshakeMs: number): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_AUTH_TIMEOUT', `no authkey handshake within ${handshakeMs} ms`, {
    hint: 'This agent asks for an authkey: does the client have one?',
  });
}
