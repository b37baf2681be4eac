/** One socket's life: bytes in, frames through the gate to dispatch, replies out, and both ends of backpressure. */
import type { Socket } from 'node:net';
import { MAX_HANDSHAKE_FRAME_BYTES } from '../../wire/challenge.ts';
import { type LaunchpoolError, type PlainError, toPlain } from '../../wire/errors.ts';
import { encodeFrame, forEachFrame } from '../../wire/frame.ts';
import { createFrameReader } from '../../wire/frame-reader.ts';
import type { Dispatcher } from '../dispatch/dispatcher.ts';
import { COPIED_BYTES, type Keep } from '../dispatch/lane.ts';
import type { Gate } from '../gate/gate.ts';
import type { Log } from '../log.ts';
import { readSocket } from './reading.ts';

/** Who has not passed the gate may send nothing but its messages, and one at a time: the last one changes the limits. */
const GATE_LIMITS = { maxFrameBytes: MAX_HANDSHAKE_FRAME_BYTES, maxRunFrames: 1 };
/** How long a refused client may go on writing before it has to read why: closing at once would cut the answer off. */
const LINGER_MS = 5_000;

export type ConnectionOptions = {
  socket: Socket;
  gate: Gate | undefined;
  dispatcher: Pick<Dispatcher, 'open' | 'allocate'>;
  maxFrameBytes: number;
  /** Called with each sign of life: frames that came, a reply that went. */
  onActivity: () => void;
  /** Called once, when the socket is gone. */
  onClose: () => void;
  log: Log;
};

export type Connection = {
  /** Takes no more requests, answers those that have come, and closes. */
  close(): void;
  /** Closes at once. */
  destroy(): void;
};

/**
 * Takes a socket over. It must be paused and allow half-open connections: who has ended its side may still await its
 * replies.
 */
export function createConnection(options: ConnectionOptions): Connection {
  const { gate, dispatcher, maxFrameBytes, onActivity, onClose, log } = options;
  const openLimits = { maxFrameBytes, maxRunFrames: Number.POSITIVE_INFINITY };
  const reader = createFrameReader(gate === undefined ? openLimits : GATE_LIMITS, dispatcher.allocate);
  const socket = readSocket(options.socket, {
    target: () => reader.target(),
    onChunk: takeChunk,
    onFilled: takeFilled,
  });
  const passage = dispatcher.open({ send, fail, settled, isFull: () => socket.writableNeedDrain });
  /** Whether frames are still read, and if not, whether the rest of the input is thrown away. */
  let input: 'read' | 'closed' | 'discarded' = 'read';

  /** The handshake, until it has succeeded. */
  let atGate = gate?.open(
    (payload) => socket.write(encodeFrame(payload)),
    (refusal) => {
      if (refusal !== undefined) return turnAway(refusal);
      atGate = undefined;
      reader.limits = openLimits;
    },
  );

  socket.on('end', () => {
    if (input !== 'read') return;
    try {
      reader.end();
    } catch (error) {
      log.debug({ error: toPlain(error) }, 'truncated');
    }
    close();
  });
  socket.on('drain', () => {
    passage.resume();
    balance();
  });
  socket.on('error', (error) => log.debug({ error: toPlain(error) }, 'socket-error'));
  socket.on('close', () => {
    atGate?.leave();
    passage.abandon();
    onClose();
  });

  function takeChunk(chunk: Buffer): void {
    if (input !== 'read') return;
    onActivity();
    try {
      reader.push(chunk, takeRun);
    } catch (error) {
      refuse(error as LaunchpoolError);
    }
    balance();
  }

  function takeFilled(bytes: number): void {
    if (input !== 'read') return;
    onActivity();
    reader.filled(bytes, takeRun);
    balance();
  }

  function takeRun(run: Buffer, frames: number, own: boolean): void {
    if (input !== 'read') return;
    if (atGate === undefined) passage.dispatch(run, frames, own);
    else forEachFrame(run, atGate.receive);
  }

  /** Reads on or not, by what is on its way in and out. */
  function balance(): void {
    if (input !== 'read') return;
    if (passage.isFull || socket.writableNeedDrain) socket.pause();
    else if (socket.isPaused()) socket.resume();
  }

  function send(frames: Uint8Array, keep?: Keep): void {
    onActivity();
    if (keep === undefined || (socket.writableLength > 0 && frames.length <= COPIED_BYTES)) {
      // Written later, when the bytes may be somebody else's.
      socket.write(Buffer.from(frames));
      return;
    }
    socket.write(frames);
    // As a rule the kernel has taken everything by now; an empty write is done when what is before it is.
    if (socket.writableLength > 0) socket.write('', keep());
  }

  function settled(): void {
    if (input === 'closed') closeWhenDone();
    else balance();
  }

  /** What came cannot be answered in its place: says so, in its turn, and closes. */
  function refuse(error: LaunchpoolError): void {
    if (atGate !== undefined) {
      atGate.leave();
      turnAway(error);
      return;
    }
    log.warn({ error: toPlain(error) }, 'refused');
    discardInput();
    passage.refuse(error);
  }

  function turnAway(refusal: LaunchpoolError): void {
    log.warn({ error: toPlain(refusal) }, 'turned-away');
    hangUp();
  }

  function fail(error: PlainError): void {
    if (input !== 'discarded') log.warn({ error }, 'request-failed');
    hangUp();
  }

  /** Closes behind what has been sent, and gives the other side time to stop writing and read it. */
  function hangUp(): void {
    discardInput();
    socket.end();
    setTimeout(() => socket.destroy(), LINGER_MS).unref();
  }

  function discardInput(): void {
    input = 'discarded';
    socket.resume();
  }

  function close(): void {
    if (input === 'discarded' && socket.writableEnded) socket.destroy();
    if (input !== 'read') return;
    input = 'closed';
    socket.pause();
    closeWhenDone();
  }

  function closeWhenDone(): void {
    if (!passage.isBusy) socket.destroySoon();
  }

  return { close, destroy: () => socket.destroy() };
}
