/** One connection of a client, over a socket or another stream of bytes: its handshake, its frames, and its end. */
import type { Duplex } from 'node:stream';
import { socketPathOf } from '../../wire/address.ts';
import { isChallenge } from '../../wire/challenge.ts';
import { decodeClosing } from '../../wire/closing.ts';
import type { LaunchpoolError } from '../../wire/errors.ts';
import { DEFAULT_MAX_FRAME_BYTES, payloadStart } from '../../wire/frame.ts';
import { createFrameReader } from '../../wire/frame-reader.ts';
import type { Handshake } from '../../wire/handshake.ts';
import { MAX_TIMER_MS } from './call-options.ts';
import type { ConnectOptions } from './connect-options.ts';
import { connectWithRetry } from './connect-with-retry.ts';
import {
  authkeyRequired,
  closedByAgent,
  closedByClient,
  handshakeFailed,
  handshakeTimeout,
} from './connection-errors.ts';
import { createFrameWriter } from './frame-writer.ts';

export type TransportEvents = {
  /** Called with each whole frame. The callee may keep the bytes. */
  onFrame: (payload: Buffer) => void;
  /**
   * Called with the closing notice: the agent has run and answered the first `framesRun` frames, and has not run the
   * others.
   */
  onClosing: (framesRun: number) => void;
  /** Called once, when the connection is closed for any reason. */
  onClose: (reason: LaunchpoolError) => void;
};

export type Transport = {
  send(payload: Uint8Array): void;
  /** The bytes that the system has not taken yet. */
  readonly unsentBytes: number;
  /** Whether the connection keeps the process alive. */
  keepAlive(on: boolean): void;
  close(): void;
};

/**
 * Resolves when frames can be sent.
 * @param target the path of a socket if it contains `/`, otherwise the label of an agent.
 * @throws ERR_LAUNCHPOOL_ADDRESS_INVALID, ERR_LAUNCHPOOL_CONNECT_FAILED, ERR_LAUNCHPOOL_STOPPED, ERR_LAUNCHPOOL_SOCKET_OWNER, the ERR_LAUNCHPOOL_AUTH_* codes
 */
export async function openTransport(
  target: string,
  options: ConnectOptions,
  events: TransportEvents,
): Promise<Transport> {
  const path = socketPathOf(target);
  const { serverUid = [], activationMs = 1_000 } = options;
  // Loaded before the connection exists: nothing delays its first bytes.
  const handshake = await createClientHandshake(options);
  const socket = await connectWithRetry(path, activationMs, [serverUid].flat());
  const keepAlive = (on: boolean): unknown => (on ? socket.ref() : socket.unref());
  return overStream({ stream: socket, place: path, handshake, keepAlive }, options, events);
}

/** What a transport is made of. */
export type TransportStream = {
  stream: Duplex;
  /** For errors. */
  place: string;
  handshake: Handshake | undefined;
  keepAlive: (on: boolean) => void;
};

/** As {@link openTransport}, over a stream that is open. It is read at once, before the promise is awaited. */
export async function overStream(
  { stream: socket, place, handshake, keepAlive }: TransportStream,
  options: ConnectOptions,
  events: TransportEvents,
): Promise<Transport> {
  const { handshakeMs = 30_000, maxFrameBytes = DEFAULT_MAX_FRAME_BYTES } = options;
  const reader = createFrameReader({ maxFrameBytes, maxRunFrames: 1 });
  const writer = createFrameWriter(socket);
  const ready = Promise.withResolvers<void>();
  // A failure after the handshake is reported by onClose alone.
  ready.promise.catch(() => undefined);
  let isHandshaking = handshake !== undefined;
  let isFirstFrame = true;
  let closeReason: LaunchpoolError | undefined;
  let isCloseReported = false;

  /** close() reports at once and not on the socket's `close`: an agent that does not read could delay that without end. */
  function reportClose(reason: LaunchpoolError): void {
    if (isCloseReported) return;
    isCloseReported = true;
    events.onClose(reason);
  }

  function fail(error: LaunchpoolError): void {
    closeReason ??= error;
    socket.destroy();
  }

  function receiveHandshake(payload: Buffer): void {
    const step = (handshake as Handshake).receive(payload);
    step.send.forEach(writer.writeHandshake);
    if (step.error !== undefined) fail(step.error);
    if (!step.done) return;
    isHandshaking = false;
    ready.resolve();
  }

  function receive(frame: Buffer): void {
    // The rest of a chunk in which a fault was found is not read.
    if (closeReason !== undefined) return;
    const payload = frame.subarray(payloadStart(frame, 0));
    const framesRun = isHandshaking ? undefined : decodeClosing(frame);
    if (isHandshaking) receiveHandshake(payload);
    else if (isFirstFrame && handshake === undefined && isChallenge(payload)) fail(authkeyRequired());
    else if (framesRun !== undefined) events.onClosing(framesRun);
    else events.onFrame(payload);
    isFirstFrame = false;
  }

  socket.on('data', (chunk: Buffer) => {
    try {
      reader.push(chunk, receive);
    } catch (error) {
      fail(error as LaunchpoolError);
    }
  });
  socket.on('error', (error: Error) => fail(closedByAgent(place, error)));
  socket.on('close', () => {
    closeReason ??= closedByAgent(place);
    ready.reject(isHandshaking ? handshakeFailed(closeReason) : closeReason);
    reportClose(closeReason);
  });

  if (isHandshaking) await waitForHandshake(handshakeMs, ready.promise, fail);
  return {
    send: writer.write,
    get unsentBytes() {
      return socket.writableLength;
    },
    keepAlive,
    close() {
      closeReason ??= closedByClient();
      reportClose(closeReason);
      socket.end(() => socket.destroy());
    },
  };
}

export async function createClientHandshake({ authkey, md5 = true }: ConnectOptions): Promise<Handshake | undefined> {
  if (authkey === undefined) return undefined;
  const { createHandshake } = await import('../../wire/handshake.ts');
  return createHandshake({ role: 'client', authkey: Buffer.from(authkey as Uint8Array), md5 });
}

async function waitForHandshake(
  ms: number,
  ready: Promise<void>,
  fail: (error: LaunchpoolError) => void,
): Promise<void> {
  const timer = setTimeout(() => fail(handshakeTimeout(ms)), Math.min(ms, MAX_TIMER_MS));
  try {
    await ready;
  } finally {
    clearTimeout(timer);
  }
}
