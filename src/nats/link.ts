/**
 * One conversation over NATS: a Duplex on each side, as the two ends of a UNIX connection. NATS has no flow control between
 * publisher and subscriber, and loses messages when a server ends. So each side sends no more than the other has room for, and
 * a gap in the sequence of messages ends the link: its bytes arrive complete and in order, or it is destroyed with an error.
 */
import { Duplex } from 'node:stream';
import { LaunchpoolError } from '../../wire/errors.ts';
import {
  decodeClose,
  decodeCredit,
  decodeMessage,
  encodeClose,
  encodeCredit,
  KINDS,
  type Kind,
  nextSequence,
} from './link-message.ts';
import { LinkOutput, type OutputOptions } from './link-output.ts';
import { UnreadBytes } from './unread-bytes.ts';

/** How many bytes a side takes before its reader has read any, unless it says otherwise. */
export const DEFAULT_WINDOW_BYTES = 1_048_576;
/** The part of the window after which the other side learns what was read. */
const CREDIT_PART = 4;

export type LinkOptions = OutputOptions & {
  /** How many unread bytes this side takes. */
  receiveWindow: number;
  /** The free places of this instance, for its clients. */
  places?: () => number;
  /** Called once the link sends and takes no more messages. */
  onClosed: () => void;
};

/** Has what the agent uses of a socket: it takes links as they are. */
export class Link extends Duplex {
  readonly #options: LinkOptions;
  readonly #output: LinkOutput;
  #expectedSequence = 0;

  /** What has arrived and the reader has not taken. */
  readonly #unread = new UnreadBytes();
  #receivedBytes = 0;
  #takenBytes = 0;
  #creditedBytes = 0;
  #isWanted = false;
  #hasEnded = false;
  #isClosedByOther = false;

  /** Set by each message of the other side; a heartbeat clears it. */
  wasHeard = true;
  /** Whether the other side said that it has open calls. */
  otherIsBusy = false;
  /** The free places that the other side reported last. */
  places = 0;
  /** Called when the other side has reported its places. */
  onPlaces: (() => void) | undefined;
  /**
   * Once the link is closed: no byte from this offset of the written bytes on has reached the reader of the other side.
   * Undefined if that is not known.
   */
  undeliveredFrom: number | undefined;

  constructor(options: LinkOptions) {
    // What waits is in `#unread`. In the Readable, each message would be a Buffer.
    super({ allowHalfOpen: true, readableHighWaterMark: 1 });
    this.#options = options;
    const publish: OutputOptions['publish'] = (message, offset) => {
      try {
        options.publish(message, offset);
      } catch (error) {
        // The connection to NATS is closed for good.
        this.#fail((error as Error).message);
      }
    };
    this.#output = new LinkOutput({ ...options, publish });
  }

  /** As of a socket: all bytes that were written, also those that wait. */
  get bytesWritten(): number {
    return this.sentBytes + this.writableLength;
  }

  /** The number of bytes that were written so far and sent, or will be in this turn. */
  get sentBytes(): number {
    return this.#output.sentBytes;
  }

  /** Whether nothing of the other side matters any more: what has arrived is still to be read. */
  get isComplete(): boolean {
    return this.#isClosedByOther || (this.#hasEnded && this.writableFinished);
  }

  /** Takes a message of the other side. */
  receive(bytes: Uint8Array): void {
    if (this.destroyed || this.isComplete) return;
    this.wasHeard = true;
    try {
      this.#receive(bytes);
    } catch (error) {
      // A listener has thrown. In the library, the error would end the connection to NATS.
      this.destroy(error as Error);
    }
  }

  #receive(bytes: Uint8Array): void {
    const message = decodeMessage(bytes);
    if (message === undefined) this.#fail('a message that is none of a link arrived');
    else if (message.kind === KINDS.close) this.#onClose(message.body);
    else if (message.sequence !== this.#expectedSequence) this.#fail('a message was lost');
    else {
      this.#expectedSequence = nextSequence(message.sequence);
      this.#onMessage(message.kind, message.body);
    }
  }

  /** Asks the other side for a message. */
  ping(isBusy: boolean): void {
    if (this.destroyed || this.isComplete) return;
    this.#output.send(KINDS.ping, Buffer.of(isBusy ? 1 : 0));
  }

  /** Tells the other side at once what was read, and how many places are free. */
  sendCredit(): void {
    if (this.destroyed || this.isComplete) return;
    this.#creditedBytes = this.#takenBytes;
    this.#output.send(
      KINDS.credit,
      encodeCredit({ consumed: this.#takenBytes, places: this.#options.places?.() ?? 0 }),
    );
  }

  /** The other side is gone: no message from this offset on has reached it, if that is known. */
  onUndelivered(offset?: number): void {
    if (this.destroyed || this.isComplete) return;
    this.undeliveredFrom = this.#output.readBytesOf(offset);
    this.destroy(lost('the other side has left'));
  }

  /** Closes once everything that was written has been sent: see net.Socket. */
  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    if (this.#isClosedByOther) {
      done();
      return;
    }
    this.#output.write(chunk, done);
  }

  override _final(done: () => void): void {
    this.#output.send(KINDS.end);
    done();
  }

  override _read(): void {
    this.#isWanted = true;
    while (this.#isWanted && !this.#unread.isEmpty) this.#take(this.#unread.shift() as Buffer);
    this.#afterTaking();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (error !== null) this.#output.discard();
    if (!this.isComplete) this.#output.send(KINDS.close, encodeClose(this.#takenBytes, error?.message));
    this.#unread.clear();
    this.#output.discard();
    this.#options.onClosed();
    done(error);
  }

  #onMessage(kind: Kind, body: Buffer): void {
    if (kind === KINDS.data) this.#onData(body);
    else if (kind === KINDS.credit) this.#onCredit(body);
    else if (kind === KINDS.ping) this.#onPing(body);
    else this.#onEnd();
  }

  #onData(body: Buffer): void {
    this.#receivedBytes += body.length;
    if (this.#hasEnded) this.#fail('bytes arrived after the end');
    else if (body.length === 0) this.#fail('a message without bytes arrived');
    else if (this.#receivedBytes - this.#takenBytes > this.#options.receiveWindow)
      this.#fail('more bytes arrived than there is room for');
    else if (this.#isWanted) this.#take(body);
    else this.#unread.push(body);
    this.#afterTaking();
  }

  #take(bytes: Buffer): void {
    this.#takenBytes += bytes.length;
    this.#isWanted = this.push(bytes);
  }

  #afterTaking(): void {
    if (this.destroyed) return;
    if ((this.#takenBytes - this.#creditedBytes) * CREDIT_PART >= this.#options.receiveWindow) this.sendCredit();
    if (this.#hasEnded && this.#unread.isEmpty && !this.readableEnded) this.push(null);
  }

  #onCredit(body: Buffer): void {
    const credit = decodeCredit(body);
    const consumed = this.#output.readBytesOf(credit?.consumed);
    if (credit === undefined || consumed === undefined) this.#fail('a wrong credit arrived');
    else {
      this.places = credit.places;
      this.#output.onRead(consumed);
      this.onPlaces?.();
    }
  }

  #onPing(body: Buffer): void {
    this.otherIsBusy = body[0] === 1;
    this.sendCredit();
  }

  #onEnd(): void {
    this.#hasEnded = true;
    this.#afterTaking();
  }

  /** What was sent before a close without an error is read all the same. */
  #onClose(body: Buffer): void {
    const { taken, error } = decodeClose(body);
    this.#isClosedByOther = true;
    this.undeliveredFrom = this.#output.readBytesOf(taken);
    if (error !== '') this.destroy(lost(`the other side closed the link: ${error}`));
    else if (this.readableEnded) this.destroy();
    else {
      this.once('end', () => this.destroy());
      this.#output.release();
      this.#onEnd();
    }
  }

  #fail(reason: string): void {
    this.destroy(lost(reason));
  }
}

export function lost(reason: string): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_CONNECTION_CLOSED', `the link over NATS is lost: ${reason}`, {
    hint: 'An instance or a NATS server has ended, or does not answer. See their logs.',
  });
}
