/** Sends the values of a parameter that is a stream, as many to a frame as are there, at the pace of the agent's credit. */
import { LaunchpoolError, toPlain } from '../../wire/errors.ts';
import { errorText } from '../../wire/json-rpc.ts';
import { type Encoded, encodeItems, owned } from '../../wire/response.ts';
import { paramEndText, type StreamCredit } from '../../wire/stream.ts';
import { encodeStreamValue } from './message-codec.ts';

/** A frame is sent when its values have so many bytes, or are so many. */
const FRAME_BYTES = 64 * 1024;
const FRAME_ITEMS = 1024;

export class OutgoingStream {
  readonly #id: number;
  readonly #stream: number;
  readonly #source: AsyncIterable<unknown>;
  readonly #send: (notification: Uint8Array) => void;
  readonly #isJsonOnly: boolean;
  #items = 0;
  #bytes = 0;
  /** All of one encoding. */
  #values: Encoded[] = [];
  /** Of these values. */
  #waitingBytes = 0;
  #isRunning = false;
  #isStopped = false;
  #wake: (() => void) | undefined;
  #iterator: AsyncIterator<unknown> | undefined;

  /**
   * @param id the id of the call.
   * @param stream the number of the stream in the call.
   * @param send sends a notification.
   * @param isJsonOnly whether the agent reads JSON only.
   */
  constructor(
    id: number,
    stream: number,
    source: AsyncIterable<unknown>,
    send: (notification: Uint8Array) => void,
    isJsonOnly: boolean,
  ) {
    this.#id = id;
    this.#stream = stream;
    this.#source = source;
    this.#send = send;
    this.#isJsonOnly = isJsonOnly;
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
    this.#values = [];
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
        const encoded = encodeStreamValue(step.value, this.#isJsonOnly);
        this.#add(encoded instanceof Promise ? await encoded : encoded);
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

  #add(encoded: Encoded): void {
    const [first = encoded] = this.#values;
    if (typeof first !== typeof encoded) this.#flush();
    this.#values.push(owned(encoded));
    this.#waitingBytes += (typeof encoded === 'string' ? Buffer.byteLength(encoded) : encoded.length) + 1;
    this.#items -= 1;
    if (this.#waitingBytes >= FRAME_BYTES || this.#values.length >= FRAME_ITEMS) this.#flush();
    // The source may give nothing more for now.
    else if (this.#values.length === 1) setImmediate(() => this.#flush());
  }

  #flush(): void {
    if (this.#values.length === 0) return;
    const items = encodeItems(String(this.#id), this.#values, this.#stream);
    const notification = typeof items === 'string' ? Buffer.from(items) : items.toBytes();
    this.#values = [];
    this.#waitingBytes = 0;
    this.#bytes -= notification.length;
    this.#send(notification);
  }
}

export function isStreamParam(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

export function reservedParam(): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_PARAMS_INVALID', 'an object with "$stream" alone stands for a stream', {
    hint: 'Put it into another object or an array.',
  });
}

export function streamInNotification(): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_PARAMS_INVALID', 'a notification has no parameter that is a stream', {
    hint: 'Call the method: nothing says when a notification has read a stream.',
  });
}
