/** A client's connection: the handshake, the framing, and how it ends. */
import { socketPathOf } from '../../wire/address.ts';
import { isChallenge } from '../../wire/challenge.ts';
import { decodeClosing, longHeader } from '../../wire/closing.ts';
import { LaunchpoolError } from '../../wire/errors.ts';
import { DEFAULT_MAX_FRAME_BYTES, encodeFrame, frameHeader, payloadStart } from '../../wire/frame.ts';
import { createFrameReader } from '../../wire/frame-reader.ts';
import type { Handshake } from '../../wire/handshake.ts';
import { MAX_TIMER_MS } from './call-options.ts';
import { reach } from './reach.ts';

export type ConnectOptions = {
  /**
   * Shared key, when the agent asks for one.
   * @default undefined
   */
  authkey?: Uint8Array | string | undefined;
  /**
   * Whether HMAC-MD5 is allowed in the handshake, which a Python server up to 3.11 needs.
   * @default true
   */
  md5?: boolean | undefined;
  /**
   * How long to go on trying while nobody listens or the queue is full, in milliseconds. The connection itself then
   * waits as long as the agent takes to start.
   * @default 1000
   */
  activationMs?: number | undefined;
  /**
   * How long the handshake may take, the start of the agent included, in milliseconds.
   * @default 30000
   */
  handshakeMs?: number | undefined;
  /**
   * The longest reply, in bytes.
   * @default 67108864
   */
  maxFrameBytes?: number | undefined;
};

export type TransportEvents = {
  /** A whole frame came. Its bytes may be kept. */
  onFrame: (payload: Buffer) => void;
  /**
   * The agent is about to close, and has run and answered so many of the frames that were sent, from the first one on;
   * the others not at all.
   */
  onClosing: (run: number) => void;
  /** Called once, when the connection is gone for any reason. */
  onClose: (reason: LaunchpoolError) => void;
};

export type Transport = {
  send(payload: Uint8Array): void;
  /** Whether the process is kept alive for this connection's sake: while replies are awaited. */
  keepAlive(on: boolean): void;
  close(): void;
};

/** Below this, a frame is copied into one piece with its header; above, both are written one behind the other. */
const COPY_BYTES = 16 * 1024;

/**
 * Resolves when frames can be sent.
 * @param target a socket's path if it contains `/`, otherwise an agent's label.
 * @throws ERR_LAUNCHPOOL_ADDRESS_INVALID, ERR_LAUNCHPOOL_CONNECT_FAILED, the ERR_LAUNCHPOOL_AUTH_* codes
 */
export async function openTransport(
  target: string,
  options: ConnectOptions,
  events: TransportEvents,
): Promise<Transport> {
  const path = socketPathOf(target);
  const { activationMs = 1_000, handshakeMs = 30_000, maxFrameBytes = DEFAULT_MAX_FRAME_BYTES } = options;
  const handshake = await clientHandshake(options);
  const socket = await reach(path, activationMs);
  const reader = createFrameReader({ maxFrameBytes, maxRunFrames: 1 });
  const ready = Promise.withResolvers<void>();
  // A connection that fails later than this function listens is reported by onClose.
  ready.promise.catch(() => undefined);
  let shaking = handshake !== undefined;
  let first = true;
  let announced = false;
  let reason: LaunchpoolError | undefined;
  let isSettled = false;

  /** Whoever closes hears of it at once: an agent that does not read could keep the socket open for ever. */
  const tell = (why: LaunchpoolError): void => {
    if (isSettled) return;
    isSettled = true;
    events.onClose(why);
  };
  const write = (payload: Uint8Array): void => {
    if (payload.length <= COPY_BYTES) socket.write(encodeFrame(payload));
    else writeBehind(frameHeader(payload.length), payload);
  };
  const writeBehind = (header: Buffer, payload: Uint8Array): void => {
    socket.cork();
    socket.write(header);
    socket.write(payload);
    socket.uncork();
  };
  /** The first frame says by its form that this side understands the notice of closing. */
  const send = (payload: Uint8Array): void => {
    if (announced) write(payload);
    else writeBehind(longHeader(payload.length), payload);
    announced = true;
  };
  const fail = (error: LaunchpoolError): void => {
    reason ??= error;
    socket.destroy();
  };
  const shake = (payload: Buffer): void => {
    const step = (handshake as Handshake).receive(payload);
    step.send.forEach(write);
    if (step.error !== undefined) fail(step.error);
    if (!step.done) return;
    shaking = false;
    ready.resolve();
  };

  const take = (frame: Buffer): void => {
    // What stands in the same chunk behind a fault is not read any more.
    if (reason !== undefined) return;
    const payload = frame.subarray(payloadStart(frame, 0));
    const run = shaking ? undefined : decodeClosing(frame);
    if (shaking) shake(payload);
    else if (first && handshake === undefined && isChallenge(payload)) fail(keyWanted());
    else if (run !== undefined) events.onClosing(run);
    else events.onFrame(payload);
    first = false;
  };

  socket.on('data', (chunk: Buffer) => {
    try {
      reader.push(chunk, take);
    } catch (error) {
      fail(error as LaunchpoolError);
    }
  });
  socket.on('error', (error: Error) => fail(closed(path, error)));
  socket.on('close', () => {
    reason ??= closed(path);
    ready.reject(shaking ? duringHandshake(reason) : reason);
    tell(reason);
  });

  if (shaking) await within(handshakeMs, ready.promise, fail);
  return {
    send,
    keepAlive: (on) => (on ? socket.ref() : socket.unref()),
    close() {
      reason ??= closedHere();
      tell(reason);
      socket.destroySoon();
    },
  };
}

async function clientHandshake({ authkey, md5 = true }: ConnectOptions): Promise<Handshake | undefined> {
  if (authkey === undefined) return undefined;
  const { createHandshake } = await import('../../wire/handshake.ts');
  return createHandshake({ role: 'client', authkey: Buffer.from(authkey as Uint8Array), md5 });
}

async function within(ms: number, ready: Promise<void>, fail: (error: LaunchpoolError) => void): Promise<void> {
  const hint = 'Does the agent ask for an authkey? With a key on one side only, both sides wait for each other.';
  const tooLate = (): LaunchpoolError =>
    new LaunchpoolError('ERR_LAUNCHPOOL_AUTH_TIMEOUT', `no authkey handshake within ${ms} ms`, { hint });
  const timer = setTimeout(() => fail(tooLate()), Math.min(ms, MAX_TIMER_MS));
  try {
    await ready;
  } finally {
    clearTimeout(timer);
  }
}

/** What calls are rejected with when it is this side that has closed. */
export function closedHere(): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_CONNECTION_CLOSED', 'this client has closed the connection');
}

function closed(path: string, cause?: Error): LaunchpoolError {
  const why = cause === undefined ? '' : `: ${cause.message}`;
  return new LaunchpoolError('ERR_LAUNCHPOOL_CONNECTION_CLOSED', `the agent closed the connection to ${path}${why}`, {
    cause,
    hint: 'An agent closes when it leaves, and a raw agent when a request has failed; its log says why.',
  });
}

function keyWanted(): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_AUTH_REQUIRED', 'the agent asks for an authkey', {
    hint: 'Give it with the option authkey, or on the command line with --authkey-file FILE.',
  });
}

/** A server that closes in the middle of a handshake has refused it. */
function duringHandshake(reason: LaunchpoolError): LaunchpoolError {
  if (reason.code !== 'ERR_LAUNCHPOOL_CONNECTION_CLOSED') return reason;
  return new LaunchpoolError('ERR_LAUNCHPOOL_AUTH_FAILED', 'the agent closed the connection during the handshake', {
    cause: reason,
    hint: 'Give both sides the same key.',
  });
}
