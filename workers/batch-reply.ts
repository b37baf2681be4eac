/** The responses of a JSON-RPC batch: together they take no more memory than one reply may, however many there are. */
import type { IdText } from '../wire/id-text.ts';

export type BatchReplyOptions = {
  /** The ids of the requests in order; undefined for notifications. */
  ids: readonly (IdText | undefined)[];
  /** The longest reply, in bytes. */
  maxBytes: number;
  /** The response in place of each one, once all together are too long. */
  tooLong: (id: IdText) => string;
};

export class BatchReply {
  readonly #options: BatchReplyOptions;
  readonly #responses: string[] = [];
  /** At least so many bytes are held: UTF-8 takes one byte or more for each code unit. */
  #length = 0;

  constructor(options: BatchReplyOptions) {
    this.#options = options;
  }

  /** @param response null for a notification. */
  set(index: number, response: string | null): void {
    if (response === null || this.#isTooLong) return;
    this.#responses[index] = response;
    this.#length += response.length;
    // The handlers of the other requests run on; their results are dropped one by one.
    if (this.#isTooLong) this.#responses.length = 0;
  }

  get #isTooLong(): boolean {
    return this.#length > this.#options.maxBytes;
  }

  /** The reply; null if there is none, undefined if even its errors are too long. */
  text(isLonger: (text: string, maxBytes: number) => boolean): string | null | undefined {
    const { ids, maxBytes, tooLong } = this.#options;
    if (!this.#isTooLong) {
      const text = textOf(this.#responses);
      if (text === null || (text !== undefined && !isLonger(text, maxBytes))) return text;
    }
    let length = 0;
    const errors: string[] = [];
    for (const id of ids) {
      if (id === undefined) continue;
      const error = tooLong(id);
      length += error.length;
      if (length > maxBytes) return undefined;
      errors.push(error);
    }
    const text = textOf(errors);
    return text === null || text === undefined || !isLonger(text, maxBytes) ? text : undefined;
  }
}

/** Without holes, which notifications leave; undefined if it is too long for one text. */
function textOf(responses: readonly string[]): string | null | undefined {
  const texts = responses.filter(() => true);
  try {
    return texts.length === 0 ? null : `[${texts.join(',')}]`;
  } catch {
    return undefined;
  }
}
