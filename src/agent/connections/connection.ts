/** One connection: reads frames, passes them through the gate to dispatch, writes replies, and closes the socket. */
import type { Socket } from 'node:net';
import { isFrameError, type LaunchpoolError, type PlainError, toPlain } from '../../../wire/errors.ts';
import { forEachFrame } from '../../../wire/frame-walk.ts';
import { createFrameOrLineReader, type FrameOrLineReader } from '../../../wire/line-reader.ts';
import { contain } from '../../dispatch/connection/containment.ts';
import type { Conversation } from '../../dispatch/connection/conversation-options.ts';
import type { ReplySink, Retain } from '../../dispatch/connection/reply-queue.ts';
import { GATE_LIMITS, type PendingHandshake } from '../../gate/gate.ts';
import { ClientChecks } from './client-checks.ts';
import type { Connection, ConnectionOptions } from './connection-options.ts';
import { closeAfterRefusal, TakenFrames } from './graceful-close.ts';
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
  /** `draining` reads frames about open requests only, while the agent shuts down; `discarded` throws the rest away. */
  #input: 'read' | 'draining' | 'closed' | 'discarded' | 'failed' = 'read';
  /** Set until the handshake succeeds. */
  #handshake: PendingHandshake | undefined;
  hasReceivedNothing = true;
  readonly #taken = new TakenFrames();
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
    if (gate === undefined) return;
    const onPassed = (refusal?: LaunchpoolError): void => this.#onPassed(limits, refusal);
    contain(this, () => (this.#handshake = openHandshake(gate, this.#socket, this, onPassed)));
  }

  /** Something that acts for this connection has thrown: a fault of this program, or the lack of memory. */
  onFault(thrown: unknown): void {
    const error = toPlain(thrown, { stack: true });
    if (this.#input !== 'failed') this.#options.log.error({ error }, 'connection-failed');
    this.#input = 'failed';
    this.#socket?.destroy();
  }

  /** The client may still read: its requests go on. Once it has closed altogether, half-closed.ts destroys the socket. */
  #onEnd(): void {
    if (!this.#isReading) return;
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
    const mayDrain = (): boolean => this.#input === 'read' && !this.#handshake && this.#conversation.isBusy;
    if (this.#input === 'discarded' && this.#socket.writableEnded) this.#socket.destroy();
    else if (contain(this, mayDrain)) this.#input = 'draining';
    else contain(this, () => this.#stopReading());
  }

  get #isReading(): boolean {
    return this.#input === 'read' || this.#input === 'draining';
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #stopReading(): void {
    if (!this.#isReading) return;
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
    if (!this.#conversation.isBusy && this.#taken.close(this.#socket, this.#isClosing)) this.#input = 'discarded';
  }

  #closeAfterRefusal(): void {
    this.#input = 'discarded';
    this.#dropFrame();
    closeAfterRefusal(this.#socket);
  }

  get isProgressing(): boolean {
    return this.#checks.isProgressing(this.#isReading);
  }

  check(now: number): SlowClientReason | undefined {
    return contain(this, () => {
      const reason = this.#checks.check(now, this.#taken.count, this.#isReading, this.#options.dispatcher.mayStart);
      if (reason === 'slow-frame') this.#stopReading();
      else if (reason === 'unread') this.#socket.destroy();
      // Its replies cannot be read any more. What it has sent before is read and run first, as always.
      else if (this.#isReading && this.#conversation.isBusy && this.#checks.isGoneWhilePaused())
        this.#conversation.cancelRequests();
      return reason;
    });
  }

  target(): Buffer | undefined {
    return this.#isReading ? contain(this, () => this.#reader.target()) : undefined;
  }

  onChunk(chunk: Buffer): void {
    this.#take(() => this.#reader.push(chunk, this.#onRun));
  }

  onFilled(bytes: number): void {
    this.#take(() => this.#reader.filled(bytes, this.#onRun));
  }

  #take(read: () => void): void {
    if (!this.#isReading) return;
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
    if (!this.#isReading) return;
    // A frame that has arrived as a whole is a request from now on.
    this.#incoming.count();
    this.#options.onActivity();
    if (this.#input === 'draining') {
      const taken = this.#conversation.takeControl(run);
      this.#taken.add(run, taken);
      if (taken < frames) this.#stopReading();
    } else if (this.#handshake === undefined) {
      this.#taken.add(run, frames);
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
    if (!this.#isReading) return;
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
    if (this.#input === 'draining' && !this.#conversation.isBusy) this.#stopReading();
    else if (this.#input === 'closed') this.#closeWhenDone();
    else this.balance();
  }

  fail(error: PlainError): void {
    if (this.#input !== 'discarded') this.#options.log.warn({ error }, 'request-failed');
    this.#closeAfterRefusal();
  }
}
