/** The responses of a JSON-RPC batch: together they take no more memory than one reply may, however many there are. */
import type { IdText } from '../wire/id-text.ts';
import { type Encoded, isLonger, joinEncoded, owned } from '../wire/response.ts';

export type BatchReplyOptions = {
  /** The ids of the requests in order; undefined for notifications. */
  ids: readonly (IdText | undefined)[];
  /** Whether the batch is in MessagePack, and so each response. */
  isPacked?: boolean;
  /** The longest reply, in bytes. */
  maxBytes: number;
  /** The response in place of each one, once all together are too long. */
  tooLong: (id: IdText) => Encoded;
};

export class BatchReply {
  readonly #options: BatchReplyOptions;
  readonly #responses: Encoded[] = [];
  /** At least so many bytes are held: UTF-8 takes one byte or more for each code unit. */
  #length = 0;

  constructor(options: BatchReplyOptions) {
    this.#options = options;
  }

  /** @param response null for a notification. */
  set(index: number, response: Encoded | null): void {
    if (response === null || this.#isTooLong) return;
    this.#responses[index] = owned(response);
    this.#length += response.length;
    // The handlers of the other requests run on; their results are dropped one by one.
    if (this.#isTooLong) this.#responses.length = 0;
  }

  get #isTooLong(): boolean {
    return this.#length > this.#options.maxBytes;
  }

  /** The reply; null if there is none, undefined if even its errors are too long. */
  join(): Encoded | null | undefined {
    const { ids, maxBytes, tooLong } = this.#options;
    if (!this.#isTooLong) {
      const all = this.#join(this.#responses);
      if (all === null || (all !== undefined && !isLonger(all, maxBytes))) return all;
    }
    let length = 0;
    const errors: Encoded[] = [];
    for (const id of ids) {
      if (id === undefined) continue;
      const error = tooLong(id);
      length += error.length;
      if (length > maxBytes) return undefined;
      errors.push(error);
    }
    const all = this.#join(errors);
    return all === null || all === undefined || !isLonger(all, maxBytes) ? all : undefined;
  }

  /** Without holes, which notifications leave; undefined if it is too long for one text. */
  #join(responses: readonly Encoded[]): Encoded | null | undefined {
    const present = responses.filter(() => true);
    try {
      return present.length === 0 ? null : joinEncoded(present, this.#options.isPacked === true);
    } catch {
      return undefined;
    }
  }
}
