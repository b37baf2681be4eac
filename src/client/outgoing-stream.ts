/** Sends the values of a parameter that is a stream, as many to a frame as are there, at the pace of the agent's credit. */
import { toPlain } from '../../wire/errors.ts';
import { encodeItem, errorText } from '../../wire/json-rpc.ts';
import { paramEndText, paramItemsText, type StreamCredit } from '../../wire/stream.ts';

/** A frame is sent when its values have so many bytes, or are so many. */
const FRAME_BYTES = 64 * 1024;
const FRAME_ITEMS = 1024;

export class OutgoingStream {
  readonly #id: number;
  readonly #stream: number;
  readonly #source: AsyncIterable<unknown>;
  readonly #send: (notification: Buffer) => void;
  #items = 0;
  #bytes = 0;
  #texts: string[] = [];
  /** Of these texts. */
  #waitingBytes = 0;
  #isRunning = false;
  #isStopped = false;
  #wake: (() => void) | undefined;
  #iterator: AsyncIterator<unknown> | undefined;

  /**
   * @param id the id of the call.
   * @param stream the number of the stream in the call.
   * @param send sends a notification.
   */
  constructor(id: number, stream: number, source: AsyncIterable<unknown>, send: (notification: Buffer) => void) {
    this.#id = id;
    this.#stream = stream;
    this.#source = source;
    this.#send = send;
  }

  /** The agent has room for more. Without any credit, no value is asked for. */
  give({ items, bytes }: StreamCredit): void {
    this.#items += items;
    this.#bytes += bytes;
    this.#wake?.();
    if (this.#isRunning || this.#isStopped) return;
    this.#isRunning = true;
    void this.#run();
  }

  /** The agent reads no further value. */
  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#texts = [];
    this.#wake?.();
    void this.#return();
  }

  async #return(): Promise<void> {
    try {
      await this.#iterator?.return?.();
    } catch {
      // The call has its outcome: an error of the source has no reader.
    }
  }

  async #run(): Promise<void> {
    let error: string | undefined;
    try {
      const iterator = this.#source[Symbol.asyncIterator]();
      this.#iterator = iterator;
      for (;;) {
        await this.#room();
        if (this.#isStopped) return;
        const step = await iterator.next();
        if (this.#isStopped) return;
        if (step.done) break;
        this.#add(encodeItem(step.value));
      }
    } catch (thrown) {
      if (this.#isStopped) return;
      error = errorText(toPlain(thrown));
    }
    this.#flush();
    this.#isStopped = true;
    this.#send(Buffer.from(paramEndText(this.#id, this.#stream, error)));
  }

  async #room(): Promise<void> {
    while (!this.#isStopped && (this.#items <= 0 || this.#bytes <= this.#waitingBytes)) {
      this.#flush();
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
  }

  #add(text: string): void {
    this.#texts.push(text);
    this.#waitingBytes += Buffer.byteLength(text) + 1;
    this.#items -= 1;
    if (this.#waitingBytes >= FRAME_BYTES || this.#texts.length >= FRAME_ITEMS) this.#flush();
    // The source may give nothing more for now.
    else if (this.#texts.length === 1) setImmediate(() => this.#flush());
  }

  #flush(): void {
    if (this.#texts.length === 0) return;
    const notification = Buffer.from(paramItemsText(this.#id, this.#stream, this.#texts));
    this.#texts = [];
    this.#waitingBytes = 0;
    this.#bytes -= notification.length;
    this.#send(notification);
  }
}

export function isStreamParam(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}
