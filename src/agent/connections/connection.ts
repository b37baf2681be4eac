/** One socket's life: bytes in, frames through the gate to dispatch, replies out, and both ends of backpressure. */
import type { Socket } from 'node:net';
import { MAX_HANDSHAKE_FRAME_BYTES } from '../../../wire/challenge.ts';
import { isLongForm } from '../../../wire/closing.ts';
import { type LaunchpoolError, type PlainError, toPlain } from '../../../wire/errors.ts';
import { encodeFrame, forEachFrame } from '../../../wire/frame.ts';
import { createFrameReader, type FrameLimits, type FrameReader } from '../../../wire/frame-reader.ts';
import type { Conversation } from '../../dispatch/connection/conversation.ts';
import type { ReplySink, Retain } from '../../dispatch/connection/reply-queue.ts';
import type { Dispatcher } from '../../dispatch/dispatcher.ts';
import type { Gate, PendingHandshake } from '../../gate/gate.ts';
import type { Log } from '../../log.ts';
import { closeGracefully, hangUp } from './graceful-close.ts';
import { type Reading, readSocket } from './reading.ts';
import { type SlowClientReason, SlowClientTimeout } from './slow-client-timeout.ts';
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
  onRejected: (error: LaunchpoolError) => void;
  /** Hears when the other side has ended its side. */
  onHalfClosed: (socket: Socket) => void;
  /** Called once, when the socket is gone. */
  onClose: () => void;
  log: Log;
};

export type Connection = {
  /** Whether nothing has come yet, not even a part of a handshake. */
  readonly hasReceivedNothing: boolean;
  /** Whether a frame is coming in, or a reply being read, so well that the agent should stay for it. */
  readonly isProgressing: boolean;
  /** Takes no more requests, answers those that have come, says how many they were if that is understood, and closes. */
  close(): void;
  /** Closes at once. */
  destroy(): void;
  /** Looks how far the other side has come with what it has begun, and closes if that is too little. */
  check(now: number): SlowClientReason | undefined;
};

/**
 * Takes a socket over. It must be paused and allow half-open connections: who has ended its side may still await its
 * replies.
 */
export function createConnection(options: ConnectionOptions): Connection {
  return new SocketConnection(options);
}

/** A class, as there are thousands of them: what is in a closure takes its memory for each. */
class SocketConnection implements Connection, Reading, ReplySink {
  readonly #socket: Socket;
  readonly #reader: FrameReader;
  readonly #conversation: Conversation;
  readonly #onActivity: () => void;
  readonly #log: Log;
  /** Whether frames are still read, and if not, whether the rest of the input is thrown away. */
  #input: 'read' | 'closed' | 'discarded' = 'read';
  /** The handshake, until it has succeeded. */
  #handshake: PendingHandshake | undefined;
  hasReceivedNothing = true;
  /** Frames that have been taken, and whether the first one said that a notice would be understood. */
  #taken = 0;
  #understands = false;
  /** It is this side that closes. */
  #isClosing = false;
  #slowClientTimeout: SlowClientTimeout | undefined;

  constructor(options: ConnectionOptions) {
    const { socket, gate, dispatcher, maxFrameBytes, onActivity, onHalfClosed, onClose, log } = options;
    const limits = { maxFrameBytes, maxRunFrames: Number.POSITIVE_INFINITY };
    this.#onActivity = onActivity;
    this.#log = log;
    this.#reader = createFrameReader(gate === undefined ? limits : GATE_LIMITS, dispatcher.allocate);
    this.#socket = readSocket(socket, this);
    this.#conversation = dispatcher.open(this);
    if (gate !== undefined) this.#passGate(gate, limits, options.onRejected);
    this.#socket
      .on('end', () => this.#onEnd(onHalfClosed))
      .on('drain', () => this.#onDrain())
      .on('error', (error) => log.debug({ error: toPlain(error) }, 'socket-error'))
      .on('close', () => {
        this.#handshake?.leave();
        this.#conversation.abandon();
        onClose();
      });
  }

  close(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    if (this.#input === 'discarded' && this.#socket.writableEnded) this.#socket.destroy();
    else this.#stopReading();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  get isProgressing(): boolean {
    return this.#isUnderWay && (this.#slowClientTimeout?.isProgressing ?? true);
  }

  /** Only a part of a frame has come, or of the replies has been taken. */
  get #isUnderWay(): boolean {
    return this.#socket.writableLength > 0 || (this.#reader.heldBytes > 0 && this.#input === 'read');
  }

  check(now: number): SlowClientReason | undefined {
    this.#slowClientTimeout = this.#isUnderWay
      ? (this.#slowClientTimeout ?? new SlowClientTimeout(this.#socket, this.#reader))
      : undefined;
    const lost = this.#slowClientTimeout?.check(now, this.#taken, this.#input === 'read');
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
    this.hasReceivedNothing = false;
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
    if (this.#handshake !== undefined) {
      forEachFrame(run, this.#handshake.receive);
      return;
    }
    if (this.#taken === 0) this.#understands = isLongForm(run);
    this.#taken += frames;
    this.#conversation.dispatch(run, frames, own);
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
    this.#conversation.resume();
    this.#balance();
  }

  /** Reads on or not, by what is on its way in and out. */
  #balance(): void {
    if (this.#input !== 'read') return;
    if (this.#conversation.isOverfull || this.#socket.writableNeedDrain) this.#socket.pause();
    else if (this.#socket.isPaused()) this.#socket.resume();
  }

  // What is sent.

  send(frames: Uint8Array, retain?: Retain): void {
    if (writeFrames(this.#socket, frames, retain)) this.#onActivity();
  }

  isWriteBlocked(): boolean {
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

  #passGate(gate: Gate, limits: FrameLimits, onRejected: ConnectionOptions['onRejected']): void {
    this.#handshake = gate.open(
      (payload) => this.#socket.write(encodeFrame(payload)),
      (refusal) => {
        if (refusal === undefined) {
          this.#handshake = undefined;
          this.#reader.limits = limits;
        } else {
          onRejected(refusal);
          this.#hangUp();
        }
      },
    );
  }

  /** What came cannot be answered in its place: says so, in its turn, and closes. */
  #refuse(error: LaunchpoolError): void {
    if (this.#handshake !== undefined) this.#handshake.refuse(error);
    else {
      this.#log.warn({ error: toPlain(error) }, 'refused');
      this.#input = 'discarded';
      this.#socket.resume();
      this.#conversation.refuse(error);
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
    if (this.#conversation.isBusy) return;
    if (this.#isClosing && (this.#understands || !this.#socket.readableEnded)) {
      this.#input = 'discarded';
      closeGracefully(this.#socket, this.#understands ? this.#taken : undefined);
    } else this.#socket.destroySoon();
  }
}
