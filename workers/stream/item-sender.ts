/** Sends the values of a stream as notifications, as many to a frame as are there, at the pace of its reader. */
import { SHORT_HEADER_BYTES } from '../../wire/frame.ts';
import type { IdText } from '../../wire/id-text.ts';
import { type Encoded, encodeItems, encodeMessage, isLonger, owned } from '../../wire/response.ts';
import type { StreamCredit } from '../../wire/stream.ts';
import type { LateReplies } from '../late-replies.ts';
import { encodeValue, type ValueForm } from '../message-codec.ts';
import { resultTooLong } from '../reply-limit.ts';
import type { RequestKey } from '../requests.ts';
import { bellOf, createFlow, isStopped, stopFlow, takeCredit, takeTaken, whenRung } from './flow.ts';
import { Slices } from './slices.ts';
import type { Sink } from './take-values.ts';

/** A frame is sent when its values have so many characters, or are so many. */
const FRAME_CHARACTERS = 64 * 1024;
const FRAME_ITEMS = 1024;
/** What one stream may have sent that the kernel has not taken, in bytes. One value of any size may exceed it. */
const MAX_ON_WAY = 256 * 1024;
const MIN_ON_WAY = 16 * 1024;
/** The same for all streams of a thread, as long as each has MIN_ON_WAY. */
const MAX_ALL_ON_WAY = 4 * 1024 * 1024;

/** The streams that send, on this thread. */
let senders = 0;

export type ItemSenderOptions = {
  key: RequestKey;
  id: IdText;
  form: ValueForm;
  credit: StreamCredit;
  lateReplies: Pick<LateReplies, 'add'>;
  maxReplyBytes: number;
};

export class ItemSender implements Sink {
  readonly #options: ItemSenderOptions;
  readonly #flow = createFlow();
  readonly #slices = new Slices();
  readonly #maxCharacters: number;
  /** What the client has room for. */
  #items: number;
  #bytes: number;
  /** Of the values that wait; counted only if the credit has a limit of bytes. */
  #waitingBytes = 0;
  /** All of one encoding. */
  #values: Encoded[] = [];
  /** A value for which there is no credit. It is asked for all the same, for it may be the end. */
  #held: Encoded | undefined;
  #characters = 0;
  #onWay = 0;
  #isOpen = false;
  #hasSent = false;
  #isScheduled = false;

  constructor(options: ItemSenderOptions) {
    const { credit, maxReplyBytes } = options;
    this.#options = options;
    this.#items = credit.items;
    this.#bytes = credit.bytes;
    // A character takes up to three bytes.
    this.#maxCharacters = Math.min(FRAME_CHARACTERS, maxReplyBytes / 3);
    senders += 1;
    // The main thread must know of the stream before credit arrives.
    if (credit.items !== Number.POSITIVE_INFINITY || credit.bytes !== Number.POSITIVE_INFINITY) this.#post(undefined);
  }

  get isStopped(): boolean {
    return isStopped(this.#flow);
  }

  wait(): Promise<void> | undefined {
    if (this.#characters >= this.#maxCharacters || this.#values.length >= FRAME_ITEMS || this.#slices.isOver) {
      this.#flush();
      return this.#slices.next();
    }
    if (this.#held !== undefined && this.#hasCredit) {
      this.#take(this.#held);
      this.#held = undefined;
    }
    if (this.#isReady) return undefined;
    this.#flush();
    return this.#waitForRoom();
  }

  add(value: unknown): void {
    const { id, form, maxReplyBytes } = this.#options;
    const encoded = encodeValue(value, form, 'value of the stream');
    if (encoded.length > this.#maxCharacters && isLonger(encodeItems(id, [encoded]), maxReplyBytes)) {
      throw resultTooLong(maxReplyBytes);
    }
    if (this.#hasCredit) this.#take(encoded);
    else this.#held = owned(encoded);
  }

  #take(encoded: Encoded): void {
    const isText = typeof encoded === 'string';
    const [first = encoded] = this.#values;
    if (this.#characters + encoded.length > this.#maxCharacters || typeof first !== typeof encoded) this.#flush();
    this.#values.push(encoded);
    this.#characters += encoded.length + 1;
    this.#items -= 1;
    if (this.#bytes !== Number.POSITIVE_INFINITY)
      this.#waitingBytes += (isText ? Buffer.byteLength(encoded) : encoded.length) + 1;
    // The source may use its bytes again.
    if (!isText && encoded.isBorrowed) this.#flush();
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    // The source gives nothing more for now.
    setImmediate(() => {
      this.#isScheduled = false;
      if (!this.isStopped) this.#flush();
    });
  }

  stop(): void {
    stopFlow(this.#flow);
  }

  /** The source has ended. The response must not overtake the values: it is a late reply, which a slot does not carry. */
  async end(): Promise<void> {
    senders -= 1;
    if (this.isStopped) return;
    // A stream without values has an empty frame: the caller can tell it from a result.
    if (this.#values.length > 0 || !this.#hasSent) this.#send();
    if (!this.#slices.hasTurned) await this.#slices.next();
  }

  #flush(): void {
    if (this.#values.length > 0) this.#send();
  }

  #send(): void {
    const frame = encodeMessage(encodeItems(this.#options.id, this.#values));
    this.#values = [];
    this.#characters = 0;
    this.#waitingBytes = 0;
    this.#bytes -= frame.length - SHORT_HEADER_BYTES;
    this.#onWay += frame.length;
    this.#hasSent = true;
    this.#post(frame);
  }

  #post(reply: Uint8Array | undefined): void {
    const { key, lateReplies } = this.#options;
    lateReplies.add({ ...key, reply, stream: this.#isOpen ? 'open' : this.#flow });
    this.#isOpen = true;
  }

  get #hasCredit(): boolean {
    return this.#items > 0 && this.#bytes > this.#waitingBytes;
  }

  /** Whether the next value may be asked for. */
  get #isReady(): boolean {
    const max = Math.max(MIN_ON_WAY, Math.min(MAX_ON_WAY, MAX_ALL_ON_WAY / senders));
    return this.#held === undefined && this.#onWay + this.#characters < max;
  }

  async #waitForRoom(): Promise<void> {
    const seen = bellOf(this.#flow);
    this.#onWay -= takeTaken(this.#flow);
    const { items, bytes } = takeCredit(this.#flow);
    this.#items += items;
    this.#bytes += bytes;
    const isReady = this.#isReady || (this.#held !== undefined && this.#hasCredit);
    if (!isReady && !this.isStopped) await whenRung(this.#flow, seen);
  }
}
