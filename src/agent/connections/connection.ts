/** One connection: reads frames, passes them through the gate to dispatch, writes replies, and closes the socket. */
import type { Socket } from 'node:net';
import { isLongForm } from '../../../wire/closing.ts';
import { isFrameError, type LaunchpoolError, type PlainError, toPlain } from '../../../wire/errors.ts';
import { forEachFrame } from '../../../wire/frame-walk.ts';
import { createFrameOrLineReader, type FrameOrLineReader } from '../../../wire/line-reader.ts';
import { contain } from '../../dispatch/connection/containment.ts';
import type { Conversation } from '../../dispatch/connection/conversation.ts';
import type { ReplySink, Retain } from '../../dispatch/connection/reply-queue.ts';
import { GATE_LIMITS, type PendingHandshake } from '../../gate/gate.ts';
import { ClientChecks } from './client-checks.ts';
import type { Connection, ConnectionOptions } from './connection-options.ts';
import { closeAfterRefusal, closeGracefully } from './graceful-close.ts';
import { openHandshake } from './handshake.ts';
import { IncomingPart } from './incoming-frames.ts';
import { type Reading, readSocket } from './reading.ts';
import type { SlowClientReason } from './slow-client-timeout.ts';
import { UnreadReplies, writeFrames, writePart } from './writing.ts';

/** Takes over a socket, which must be paused and allow half-open connections: see #onEnd(). */
export function createConnection(options: ConnectionOptions): Connection {
  return new SocketConnection(options);
}

/** A class, since an agent can have thousands of connections, and closures take memory for each. */
class SocketConnection implements Connection, Reading, ReplySink {
  readonly #options: ConnectionOptions;
  readonly #socket: Socket;
  readonly #renewTarget: () => void;
  readonly #reader: FrameOrLineReader;
  readonly #conversation: Conversation;
  /** Whether frames are read. If not: `closed` after the end of the input, `discarded` while the rest is thrown away. */
  #input: 'read' | 'closed' | 'discarded' | 'failed' = 'read';
  /** Set until the handshake succeeds. */
  #handshake: PendingHandshake | undefined;
  hasReceivedNothing = true;
  #frames = 0;
  /** Whether the first frame announced that the client understands the closing notice. */
  #understandsNotice = false;
  #isClosing = false;
  readonly #checks: ClientChecks;
  readonly #incoming: IncomingPart;
  #unread: UnreadReplies | undefined;

  constructor(options: ConnectionOptions) {
    const { socket, gate, dispatcher, incoming, maxFrameBytes, mayReadLines, isGone, log } = options;
    const limits = { maxFrameBytes, maxRunFrames: Number.POSITIVE_INFINITY };
    this.#options = options;
    this.#reader = createFrameOrLineReader(gate === undefined ? limits : GATE_LIMITS, dispatcher, mayReadLines);
    this.#incoming = new IncomingPart(this, this.#reader, incoming);
    this.#conversation = dispatcher.open(this, options.peer);
    ({ socket: this.#socket, renew: this.#renewTarget } = readSocket(socket, this, this.#incoming));
    this.#checks = new ClientChecks(this.#socket, this.#reader, this.#incoming, isGone);
    this.#socket
      .on('end', () => contain(this, () => this.#onEnd()))
      .on('drain', () => contain(this, () => this.#onDrain()))
      .on('unreadable', () => contain(this, () => this.#conversation.cancelRequests()))
      .on('error', (error) => log.debug({ error: toPlain(error) }, 'socket-error'))
      .on('close', () => this.#onClose());
    const onPassed = (refusal?: LaunchpoolError): void => this.#onPassed(limits, refusal);
    if (gate !== undefined) contain(this, () => (this.#handshake = openHandshake(gate, this.#socket, this, onPassed)));
  }

  /** Something that acts for this connection has thrown: a fault of this program, or the lack of memory. */
  onFault(thrown: unknown): void {
    const error = toPlain(thrown, { stack: true });
    if (this.#input !== 'failed') this.#options.log.error({ error }, 'connection-failed');
    this.#input = 'failed';
    this.#socket?.destroy();
  }

  /**
   * The client has ended its direction, and may still read: the open requests go on, and the connection closes after the
   * last reply. half-closed.ts destroys the socket, which leads to #onClose(), once the client has closed altogether.
   */
  #onEnd(): void {
    if (this.#input !== 'read') return;
    this.#options.onHalfClosed(this.#socket);
    try {
      this.#reader.end(this.#onRun);
    } catch (error) {
      this.#options.log.debug({ error: toPlain(error) }, 'frame-truncated');
    }
    this.#stopReading();
  }

  /** The connection is gone, for whatever reason: the conversation cancels its open requests and drops their replies. */
  #onClose(): void {
    contain(this, () => this.#handshake?.abandon());
    contain(this, () => this.#conversation.abandon());
    contain(this, () => this.#dropFrame());
    contain(this, () => this.#unread?.close());
    this.#options.onClose();
  }

  close(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    if (this.#input === 'discarded' && this.#socket.writableEnded) this.#socket.destroy();
    else contain(this, () => this.#stopReading());
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #stopReading(): void {
    if (this.#input !== 'read') return;
    this.#input = 'closed';
    this.#socket.pause();
    this.#dropFrame();
    this.#closeWhenDone();
  }

  #dropFrame(): void {
    this.#renewTarget();
    this.#incoming.drop();
  }

  #closeWhenDone(): void {
    if (this.#conversation.isBusy) return;
    if (this.#isClosing && (this.#understandsNotice || !this.#socket.readableEnded)) {
      this.#input = 'discarded';
      closeGracefully(this.#socket, this.#understandsNotice ? this.#frames : undefined);
    } else this.#socket.destroySoon();
  }

  #closeAfterRefusal(): void {
    this.#input = 'discarded';
    this.#dropFrame();
    closeAfterRefusal(this.#socket);
  }

  get isProgressing(): boolean {
    return this.#checks.isProgressing(this.#input === 'read');
  }

  check(now: number): SlowClientReason | undefined {
    return contain(this, () => {
      const isRead = this.#input === 'read';
      const reason = this.#checks.check(now, this.#frames, isRead, this.#options.dispatcher.mayStart);
      if (reason === 'slow-frame') this.#stopReading();
      else if (reason === 'unread') this.#socket.destroy();
      // Its replies cannot be read any more. What it has sent before is read and run first, as always.
      else if (isRead && this.#conversation.isBusy && this.#checks.isGoneWhilePaused())
        this.#conversation.cancelRequests();
      return reason;
    });
  }

  target(): Buffer | undefined {
    return this.#input === 'read' ? contain(this, () => this.#reader.target()) : undefined;
  }

  onChunk(chunk: Buffer): void {
    this.#take(() => this.#reader.push(chunk, this.#onRun));
  }

  onFilled(bytes: number): void {
    this.#take(() => this.#reader.filled(bytes, this.#onRun));
  }

  #take(read: () => void): void {
    if (this.#input !== 'read') return;
    this.hasReceivedNothing = false;
    try {
      read();
      this.#incoming.count();
      this.balance();
    } catch (error) {
      if (isFrameError(error)) contain(this, () => this.#refuseInput(error));
      else this.onFault(error);
    }
  }

  readonly #onRun = (run: Buffer, frames: number, own: boolean): void => {
    if (this.#input !== 'read') return;
    // A frame that has arrived as a whole is a request from now on.
    this.#incoming.count();
    this.#options.onActivity();
    if (this.#handshake === undefined) {
      if (this.#frames === 0) this.#understandsNotice = isLongForm(run);
      this.#frames += frames;
      this.#conversation.dispatch(run, frames, own);
    } else forEachFrame(run, this.#handshake.receive);
  };

  #onPassed(limits: FrameOrLineReader['limits'], refusal?: LaunchpoolError): void {
    if (refusal === undefined) {
      this.#handshake = undefined;
      this.#reader.limits = limits;
    } else {
      this.#options.onRejected(refusal);
      this.#closeAfterRefusal();
    }
  }

  /** The input is invalid. The conversation sends the error after the replies to earlier requests, and closes. */
  #refuseInput(error: LaunchpoolError): void {
    if (this.#handshake !== undefined) this.#handshake.refuse(error);
    else {
      this.#options.log.warn({ error: toPlain(error) }, 'frame-refused');
      this.#input = 'discarded';
      this.#dropFrame();
      this.#socket.resume();
      this.#conversation.refuse(error);
    }
  }

  balance(isChanged = false): void {
    if (this.#input !== 'read') return;
    if (isChanged) this.#renewTarget();
    const isBlocked = this.#conversation.isOverfull || this.#socket.writableNeedDrain;
    if (!this.#incoming.mayRead(isBlocked)) this.#socket.pause();
    else if (this.#socket.isPaused()) this.#socket.resume();
  }

  #onDrain(): void {
    this.#options.onActivity();
    this.#conversation.resume();
    this.balance();
  }

  send(frames: Uint8Array, retain?: Retain): void {
    if (writeFrames(this.#socket, frames, this, this.#reader.readsLines, retain)) this.#options.onActivity();
  }

  sendPart(frames: Uint8Array, onTaken: () => void): void {
    if (!writePart(this.#socket, frames, this, this.#reader.readsLines, onTaken)) this.balance();
  }

  get unreadReplies(): UnreadReplies {
    this.#unread ??= new UnreadReplies(this.#socket, this.#options.dispatcher);
    return this.#unread;
  }

  isWriteBlocked(): boolean {
    return this.#socket.writableNeedDrain;
  }

  settled(): void {
    if (this.#input === 'closed') this.#closeWhenDone();
    else this.balance();
  }

  fail(error: PlainError): void {
    if (this.#input !== 'discarded') this.#options.log.warn({ error }, 'request-failed');
    this.#closeAfterRefusal();
  }
}
