/** The gate: the authkey handshake of a connection, with its timeout. */
import { MAX_HANDSHAKE_FRAME_BYTES } from '../../wire/challenge.ts';
import { LaunchpoolError } from '../../wire/errors.ts';
import type { FrameLimits } from '../../wire/frame-reader.ts';

/** Limits before the end of the handshake. Runs have one frame, since the last frame of the handshake changes the limits. */
export const GATE_LIMITS: FrameLimits = { maxFrameBytes: MAX_HANDSHAKE_FRAME_BYTES, maxRunFrames: 1 };

export type GateOptions = {
  /** The shared key; without one, the gate is open to every client. */
  authkey: Uint8Array | undefined;
  /** Whether to allow HMAC-MD5, which Python up to 3.11 needs. */
  md5: boolean;
  /** The timeout of the handshake, in milliseconds. With a key on one side only, both sides would wait forever. */
  handshakeMs: number;
};

export type Gate = {
  /**
   * Starts the handshake of a connection.
   * @param send sends the payload of a frame.
   * @param onSettled called once, without an argument on success; the client has received a refusal before.
   */
  open(send: (payload: Buffer) => void, onSettled: (refusal?: LaunchpoolError) => void): PendingHandshake;
  /** The number of open connections without a successful handshake, including refused ones. */
  readonly unauthenticated: number;
};

/** The handshake of one connection. */
export type PendingHandshake = {
  receive(payload: Buffer): void;
  /** Ends the handshake because of invalid input; no effect after its end. */
  refuse(error: LaunchpoolError): void;
  /** Called when the connection has closed. */
  abandon(): void;
};

/** Returns undefined without a key. */
export async function createGate({ authkey, md5, handshakeMs }: GateOptions): Promise<Gate | undefined> {
  if (authkey === undefined) return undefined;
  // node:crypto takes some milliseconds to load, and most agents have no key.
  const { createHandshake } = await import('../../wire/handshake.ts');
  const unauthenticated = new Set<PendingHandshake>();

  return {
    get unauthenticated() {
      return unauthenticated.size;
    },
    open(send, onSettled) {
      const handshake = createHandshake({ role: 'server', authkey, md5 });
      let isSettled = false;
      const settle = (refusal?: LaunchpoolError): void => {
        isSettled = true;
        clearTimeout(deadline);
        if (refusal === undefined) unauthenticated.delete(pending);
        onSettled(refusal);
      };
      // Timers come before input in a turn of the event loop; received input is read first.
      const deadline = setTimeout(setImmediate, handshakeMs, () => {
        if (unauthenticated.has(pending) && !isSettled) settle(timedOut(handshakeMs));
      });
      handshake.start().forEach(send);
      const pending: PendingHandshake = {
        receive(payload) {
          if (isSettled) return;
          const step = handshake.receive(payload);
          step.send.forEach(send);
          if (step.done || step.error !== undefined) settle(step.error);
        },
        refuse(error) {
          if (!isSettled) settle(error);
        },
        abandon() {
          clearTimeout(deadline);
          unauthenticated.delete(pending);
        },
      };
      unauthenticated.add(pending);
      return pending;
    },
  };
}

function timedOut(handshakeMs: number): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_AUTH_TIMEOUT', `no authkey handshake within ${handshakeMs} ms`, {
    hint: 'Give the client the authkey of this agent.',
  });
}
