/** One socket's life: bytes in, frames through the gate to dispatch, replies out, and both ends of backpressure. */
import type { Socket } from 'node:net';
import { MAX_HANDSHAKE_FRAME_BYTES } from '../../../wire/challenge.ts';
import { isLongForm } from '../../../wire/closing.ts';
import { type LaunchpoolError, type PlainError, toPlain } from '../../../wire/errors.ts';
import { encodeFrame, forEachFrame } from '../../../wire/frame.ts';
import { createFrameReader, type FrameLimits, type FrameReader } from '../../../wire/frame-reader.ts';
import type { Passage } from '../../dispatch/connection/conversation.ts';
import type { Keep, LaneEnd } from '../../dispatch/connection/reply-queue.ts';
import type { Dispatcher } from '../../dispatch/dispatcher.ts';
import type { Gate, Visitor } from '../../gate/gate.ts';
import type { Log } from '../../log.ts';
import { hangUp, takeLeave } from './graceful-close.ts';
import { type Reading, readSocket } from './reading.ts';
import { type Lost, Patience } from './slow-client-timeout.ts';
import { writeFrames } from './writing.ts';

/** Who has not passed the gate may send nothing but its messages, and one at a time: the last one changes the limits. */
const GATE_LIMITS = { maxFrameBytes: MAX_HANDSHAKE_FRAME_BYTES, maxRunFrames: 1 };

export type ConnectionOptions = {
  socket: Socket;
  gate: Gate | undefined;
  dispatcher: Pick<Dispatcher, 'open' | 'allocate'>;
  maxFrameBytes: number;
  /** Called with each sign of life: whole frames that came, a reply that was taken. */
  onActivity: () => void;
  /** Hears why this one was not let in. */
  onTurnedAway: (error: LaunchpoolError) => void;
  /** Hears when the other side has ended its side. */
  onHalfClosed: (socket: Socket) => void;
  /** Called once, when the socket is gone. */
  onClose: () => void;
  log: Log;
};

export type Connection = {
  /** Whether nothing has come yet, not even a part of a handshake. */
  readonly isSilent: boolean;
  /** Whether a frame is coming in, or a reply being read, so well that the agent should stay for it. */
  readonly getsOn: boolean;
  /** Takes no more requests, answers those that have come, says how many they were if that is understood, and closes. */
  close(): void;
  /** Closes at once. */
  destroy(): void;
  /** Looks how far the other side has come with what it has begun, and closes if that is too little. */
  look(now: number): Lost | undefined;
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
  #patience: Patience | undefined;

  constructor(options: ConnectionOptions) {
    const { socket, gate, dispatcher, maxFrameBytes, onActivity, onHalfClosed, onClose, log } = options;
    const limits = { maxFrameBytes, maxRunFrames: Number.POSITIVE_INFINITY };
    this.#onActivity = onActivity;
    this.#log = log;
    this.#reader = createFrameReader(gate === undefined ? limits : GATE_LIMITS, dispatcher.allocate);
    this.#socket = readSocket(socket, this);
    this.#passage = dispatcher.open(this);
    if (gate !== undefined) this.#passGate(gate, limits, options.onTurnedAway);
    this.#socket
      .on('end', () => this.#onEnd(onHalfClosed))
      .on('drain', () => this.#onDrain())
      .on('error', (error) => log.debug({ error: toPlain(error) }, 'socket-error'))
      .on('close', () => {
        this.#atGate?.leave();
        this.#passage.abandon();
        onClose();
      });
  }

  close(): void {
    if (this.#isLeaving) return;
    this.#isLeaving = true;
    if (this.#input === 'discarded' && this.#socket.writableEnded) this.#socket.destroy();
    else this.#stopReading();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  get getsOn(): boolean {
    return this.#isUnderWay && (this.#patience?.getsOn ?? true);
  }

  /** Only a part of a frame has come, or of the replies has been taken. */
  get #isUnderWay(): boolean {
    return this.#socket.writableLength > 0 || (this.#reader.heldBytes > 0 && this.#input === 'read');
  }

  look(now: number): Lost | undefined {
    this.#patience = this.#isUnderWay ? (this.#patience ?? new Patience(this.#socket, this.#reader)) : undefined;
    const lost = this.#patience?.look(now, this.#taken, this.#input === 'read');
    // What has come before the frame is still answered.
    if (lost === 'slow-frame') this.#stopReading();
    else if (lost === 'unread') this.#socket.destroy();
    return lost;
  }

  target(): Buffer | undefined {
    return this.#input === 'read' ? this.#reader.target() : undefined;
  }

  onChunk(chunk: Buffer): void {
    if (this.#input !== 'read') return;
    this.isSilent = false;
    try {
      this.#reader.push(chunk, this.#takeRun);
    } catch (error) {
      this.#refuse(error as LaunchpoolError);
    }
    this.#balance();
  }

  onFilled(bytes: number): void {
    if (this.#input !== 'read') return;
    this.#reader.filled(bytes, this.#takeRun);
    this.#balance();
  }

  readonly #takeRun = (run: Buffer, frames: number, own: boolean): void => {
    if (this.#input !== 'read') return;
    this.#onActivity();
    if (this.#atGate !== undefined) {
      forEachFrame(run, this.#atGate.receive);
      return;
    }
    if (this.#taken === 0) this.#understands = isLongForm(run);
    this.#taken += frames;
    this.#passage.dispatch(run, frames, own);
  };

  #onEnd(onHalfClosed: (socket: Socket) => void): void {
    if (this.#input !== 'read') return;
    onHalfClosed(this.#socket);
    try {
      this.#reader.end();
    } catch (error) {
      this.#log.debug({ error: toPlain(error) }, 'truncated');
    }
    this.#stopReading();
  }

  #onDrain(): void {
    this.#onActivity();
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
    if (writeFrames(this.#socket, frames, keep)) this.#onActivity();
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

  #passGate(gate: Gate, limits: FrameLimits, onTurnedAway: ConnectionOptions['onTurnedAway']): void {
    this.#atGate = gate.open(
      (payload) => this.#socket.write(encodeFrame(payload)),
      (refusal) => {
        if (refusal === undefined) {
          this.#atGate = undefined;
          this.#reader.limits = limits;
        } else {
          onTurnedAway(refusal);
          this.#hangUp();
        }
      },
    );
  }

  /** What came cannot be answered in its place: says so, in its turn, and closes. */
  #refuse(error: LaunchpoolError): void {
    if (this.#atGate !== undefined) this.#atGate.refuse(error);
    else {
      this.#log.warn({ error: toPlain(error) }, 'refused');
      this.#input = 'discarded';
      this.#socket.resume();
      this.#passage.refuse(error);
    }
  }

  #hangUp(): void {
    this.#input = 'discarded';
    hangUp(this.#socket);
  }

  #stopReading(): void {
    if (this.#input !== 'read') return;
    this.#input = 'closed';
    this.#socket.pause();
    this.#closeWhenDone();
  }

  #closeWhenDone(): void {
    if (this.#passage.isBusy) return;
    if (this.#isLeaving && (this.#understands || !this.#socket.readableEnded)) {
      this.#input = 'discarded';
      takeLeave(this.#socket, this.#understands ? this.#taken : undefined);
    } else this.#socket.destroySoon();
  }
}
