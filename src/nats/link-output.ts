/** What one side of a link sends: numbered messages, and of the written bytes no more than the other side has room for. */
import { encodeMessage, HEADER_BYTES, KINDS, type Kind, nextSequence, writeHeader } from './link-message.ts';

/** Longer messages save no time, and let those of other links wait. */
const MAX_MESSAGE_BYTES = 65_536;
const MIN_GROWTH_BYTES = 4_096;

export type OutputOptions = {
  /**
   * Publishes a message to the other side.
   * @param offset the number of written bytes that were sent before it.
   */
  publish: (message: Uint8Array, offset: number) => void;
  /** How many unread bytes the other side takes. */
  sendWindow: number;
  /** The longest message that the NATS server takes. */
  maxPayload: number | undefined;
};

type Blocked = { rest: Uint8Array; done: () => void };

export class LinkOutput {
  readonly #options: OutputOptions;
  readonly #maxMessage: number;
  #sequence = 0;
  #mayBeSent: number;
  #readBytes = 0;
  /** The message of this turn. */
  #staged: Buffer | undefined;
  #stagedBytes = HEADER_BYTES;
  #blocked: Blocked | undefined;
  /** The number of written bytes that are published, or will be in this turn. */
  sentBytes = 0;

  constructor(options: OutputOptions) {
    this.#options = options;
    this.#mayBeSent = options.sendWindow;
    this.#maxMessage = Math.min(options.maxPayload ?? MAX_MESSAGE_BYTES, MAX_MESSAGE_BYTES);
  }

  /** Sends bytes, whose memory may change after the call of `done`: at once, if the other side has room for them. */
  write(bytes: Uint8Array, done: () => void): void {
    const room = this.#mayBeSent - this.sentBytes;
    if (room < bytes.length) this.#blocked = { rest: bytes.subarray(room), done };
    this.#stage(room < bytes.length ? bytes.subarray(0, room) : bytes);
    if (room >= bytes.length) done();
  }

  /** What the other side says that it has read; undefined if that is less than it said before, or more than was sent. */
  readBytesOf(said: number | undefined): number | undefined {
    if (said === undefined || !Number.isSafeInteger(said)) return undefined;
    return said >= this.#readBytes && said <= this.sentBytes ? said : undefined;
  }

  /** The other side has read so many bytes since the start: see {@link readBytesOf}. */
  onRead(bytes: number): void {
    this.#readBytes = bytes;
    this.#mayBeSent = bytes + this.#options.sendWindow;
    const blocked = this.#blocked;
    if (blocked === undefined || this.#mayBeSent <= this.sentBytes) return;
    this.#blocked = undefined;
    this.write(blocked.rest, blocked.done);
  }

  /** Nothing written will be read any more. */
  release(): void {
    this.#blocked?.done();
    this.discard();
  }

  discard(): void {
    this.#staged = undefined;
    this.#stagedBytes = HEADER_BYTES;
    this.#blocked = undefined;
  }

  /** Sends a message behind all bytes before it. */
  send(kind: Kind, body: Uint8Array = Buffer.alloc(0)): void {
    this.flush();
    this.#publish(encodeMessage(kind, this.#sequence, body), this.sentBytes);
  }

  #publish(message: Uint8Array, offset: number): void {
    this.#sequence = nextSequence(this.#sequence);
    this.#options.publish(message, offset);
  }

  /** Copies bytes into the message of this turn: their memory may change, and many short writes are one message. */
  #stage(bytes: Uint8Array): void {
    for (let start = 0; start < bytes.length; ) {
      const count = Math.min(bytes.length - start, this.#maxMessage - this.#stagedBytes);
      this.#reserve(count).set(bytes.subarray(start, start + count), this.#stagedBytes);
      this.#stagedBytes += count;
      this.sentBytes += count;
      start += count;
      if (this.#stagedBytes === this.#maxMessage) this.flush();
    }
  }

  #reserve(count: number): Buffer {
    const old = this.#staged;
    const needed = this.#stagedBytes + count;
    if (old !== undefined && old.length >= needed) return old;
    const size = old === undefined ? needed : Math.max(needed, 2 * old.length, MIN_GROWTH_BYTES);
    const staged = Buffer.allocUnsafe(Math.min(size, this.#maxMessage));
    if (old === undefined) process.nextTick(this.flush);
    else old.copy(staged, 0, 0, this.#stagedBytes);
    this.#staged = staged;
    return staged;
  }

  readonly flush = (): void => {
    if (this.#staged === undefined) return;
    const message = this.#staged.subarray(0, this.#stagedBytes);
    this.#staged = undefined;
    this.#stagedBytes = HEADER_BYTES;
    writeHeader(message, KINDS.data, this.#sequence);
    this.#publish(message, this.sentBytes - (message.length - HEADER_BYTES));
  };
}
