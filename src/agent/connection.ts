/** One socket's life: bytes in, frames through the gate to dispatch, replies out, and both ends of backpressure. */
import type { Socket } from 'node:net';
import { MAX_HANDSHAKE_FRAME_BYTES } from '../../wire/challenge.ts';
import { encodeClosing, isLongForm } from '../../wire/closing.ts';
import { type LaunchpoolError, type PlainError, toPlain } from '../../wire/errors.ts';
import { encodeFrame, forEachFrame } from '../../wire/frame.ts';
import { createFrameReader, type FrameLimits, type FrameReader } from '../../wire/frame-reader.ts';
import type { Dispatcher } from '../dispatch/dispatcher.ts';
import { COPIED_BYTES, type Keep, type LaneEnd } from '../dispatch/lane.ts';
import type { Passage } from '../dispatch/passage.ts';
import type { Gate, Visitor } from '../gate/gate.ts';
import type { Log } from '../log.ts';
import { type Reading, readSocket } from './reading.ts';

/** Who has not passed the gate may send nothing but its messages, and one at a time: the last one changes the limits. */
const GATE_LIMITS = { maxFrameBytes: MAX_HANDSHAKE_FRAME_BYTES, maxRunFrames: 1 };
/** How long a refused client may go on writing before it has to read why: closing at once would cut the answer off. */
const LINGER_MS = 5_000;
/** How long a client that understands the notice may take to close after it. */
const FAREWELL_MS = 1_000;

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
  /** Whether nothing has come yet, not even a part of a handshake. */
  readonly isSilent: boolean;
  /** Takes no more requests, answers those that have come, says how many they were if that is understood, and closes. */
  close(): void;
  /** Closes at once. */
  destroy(): void;
};

/**
 * Takes a socket over. It must be paused and allow half-open connections: who has ended its side may still await its
 * replies.
 */
export function createConnection(options: ConnectionOptions): Connection {
  return new SocketConnection(options);
}

/** A class, as there are thousands of them: what is in a closure takes its memory for each. */
class SocketConnection implements Connection, Reading, LaneEnd {
  readonly #socket: Socket;
  readonly #reader: FrameReader;
  readonly #passage: Passage;
  readonly #onActivity: () => void;
  readonly #log: Log;
  /** Whether frames are still read, and if not, whether the rest of the input is thrown away. */
  #input: 'read' | 'closed' | 'discarded' = 'read';
  /** The handshake, until it has succeeded. */
  #atGate: Visitor | undefined;
  isSilent = true;
  /** Frames that have been taken, and whether the first one said that a notice would be understood. */
  #taken = 0;
  #understands = false;
  /** It is this side that closes. */
  #isLeaving = false;

  constructor({ socket, gate, dispatcher, maxFrameBytes, onActivity, onClose, log }: ConnectionOptions) {
    const limits = { maxFrameBytes, maxRunFrames: Number.POSITIVE_INFINITY };
    this.#onActivity = onActivity;
    this.#log = log;
    this.#reader = createFrameReader(gate === undefined ? limits : GATE_LIMITS, dispatcher.allocate);
    this.#socket = readSocket(socket, this);
    this.#passage = dispatcher.open(this);
    if (gate !== undefined) this.#passGate(gate, limits);
    this.#socket
      .on('end', () => this.#onEnd())
      .on('drain', () => this.#onDrain())
      .on('error', (error) => log.debug({ error: toPlain(error) }, 'socket-error'))
      .on('close', () => {
        this.#atGate?.leave();
        this.#passage.abandon();
        onClose();
      });
  }

  close(): void {
    this.#isLeaving = true;
    if (this.#input === 'discarded' && this.#socket.writableEnded) this.#socket.destroy();
    else this.#stopReading();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  // What is read.

  target(): Buffer | undefined {
    return this.#reader.target();
  }

  onChunk(chunk: Buffer): void {
    if (this.#input !== 'read') return;
    this.isSilent = false;
    this.#onActivity();
    try {
      this.#reader.push(chunk, this.#takeRun);
    } catch (error) {
      this.#refuse(error as LaunchpoolError);
    }
    this.#balance();
  }

  onFilled(bytes: number): void {
    if (this.#input !== 'read') return;
    this.#onActivity();
    this.#reader.filled(bytes, this.#takeRun);
    this.#balance();
  }

  readonly #takeRun = (run: Buffer, frames: number, own: boolean): void => {
    if (this.#input !== 'read') return;
    if (this.#atGate !== undefined) {
      forEachFrame(run, this.#atGate.receive);
      return;
    }
    if (this.#taken === 0) this.#understands = isLongForm(run);
    this.#taken += frames;
    this.#passage.dispatch(run, frames, own);
  };

  #onEnd(): void {
    if (this.#input !== 'read') return;
    try {
      this.#reader.end();
    } catch (error) {
      this.#log.debug({ error: toPlain(error) }, 'truncated');
    }
    this.#stopReading();
  }

  #onDrain(): void {
    this.#passage.resume();
    this.#balance();
  }

  /** Reads on or not, by what is on its way in and out. */
  #balance(): void {
    if (this.#input !== 'read') return;
    if (this.#passage.isOverfull || this.#socket.writableNeedDrain) this.#socket.pause();
    else if (this.#socket.isPaused()) this.#socket.resume();
  }

  // What is sent.

  send(frames: Uint8Array, keep?: Keep): void {
    const socket = this.#socket;
    this.#onActivity();
    if (keep === undefined || (socket.writableLength > 0 && frames.length <= COPIED_BYTES)) {
      // Written later, when the bytes may be somebody else's.
      socket.write(Buffer.from(frames));
      return;
    }
    socket.write(frames);
    // As a rule the kernel has taken everything by now; an empty write is done when what is before it is.
    if (socket.writableLength > 0) socket.write('', keep());
  }

  isFull(): boolean {
    return this.#socket.writableNeedDrain;
  }

  settled(): void {
    if (this.#input === 'closed') this.#closeWhenDone();
    else this.#balance();
  }

  fail(error: PlainError): void {
    if (this.#input !== 'discarded') this.#log.warn({ error }, 'request-failed');
    this.#hangUp();
  }

  // How it ends.

  #passGate(gate: Gate, limits: FrameLimits): void {
    this.#atGate = gate.open(
      (payload) => this.#socket.write(encodeFrame(payload)),
      (refusal) => {
        if (refusal !== undefined) return this.#turnAway(refusal);
        this.#atGate = undefined;
        this.#reader.limits = limits;
      },
    );
  }

  /** What came cannot be answered in its place: says so, in its turn, and closes. */
  #refuse(error: LaunchpoolError): void {
    if (this.#atGate !== undefined) {
      this.#atGate.leave();
      this.#turnAway(error);
      return;
    }
    this.#log.warn({ error: toPlain(error) }, 'refused');
    this.#discardInput();
    this.#passage.refuse(error);
  }

  #turnAway(refusal: LaunchpoolError): void {
    this.#log.warn({ error: toPlain(refusal) }, 'turned-away');
    this.#hangUp();
  }

  /** Closes behind what has been sent, and gives the other side time to stop writing and read it. */
  #hangUp(): void {
    this.#discardInput();
    this.#socket.end();
    setTimeout(() => this.#socket.destroy(), LINGER_MS).unref();
  }

  #discardInput(): void {
    this.#input = 'discarded';
    this.#socket.resume();
  }

  #stopReading(): void {
    if (this.#input !== 'read') return;
    this.#input = 'closed';
    this.#socket.pause();
    this.#closeWhenDone();
  }

  #closeWhenDone(): void {
    if (this.#passage.isBusy) return;
    if (this.#isLeaving && this.#understands) this.#takeLeave();
    else this.#socket.destroySoon();
  }

  /**
   * Says how much has been run, and leaves it to the client to close: what it writes meanwhile would else come back to
   * it as an error, before it has read the notice.
   */
  #takeLeave(): void {
    this.#input = 'discarded';
    this.#socket.end(encodeClosing(this.#taken));
    this.#socket.resume();
    setTimeout(() => this.#socket.destroy(), FAREWELL_MS).unref();
  }
}
