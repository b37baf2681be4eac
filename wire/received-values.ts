/** The values of a stream as they arrive, and the credit that their reader gives as it reads. Both sides use this file. */
import type { StreamCredit } from './stream.ts';

/** What the other side may send beyond the values that were read. */
export const WINDOW: StreamCredit = { items: 4096, bytes: 256 * 1024 };

/** How a stream ended. */
export type StreamEnd = { result: unknown } | { error: unknown };

/** What one notification has brought. */
export type ReceivedFrame = { values: readonly unknown[]; bytes: number };

type Waiting = { resolve: (step: IteratorResult<unknown>) => void; reject: (reason: unknown) => void };

export class ReceivedValues {
  readonly #more: (credit: StreamCredit) => void;
  #frames: ReceivedFrame[] = [];
  /** The next value of the first frame. */
  #at = 0;
  #read: StreamCredit = { items: 0, bytes: 0 };
  #end: StreamEnd | undefined;
  #waiting: Waiting[] = [];

  /** @param more gives credit to the other side, which has that of the window to begin with. */
  constructor(more: (credit: StreamCredit) => void) {
    this.#more = more;
  }

  /** Whether the other side sends no further value. */
  get isOver(): boolean {
    return this.#end !== undefined;
  }

  push(frame: ReceivedFrame): void {
    const { values } = frame;
    let at = 0;
    while (at < values.length && this.#waiting.length > 0) {
      this.#waiting.shift()?.resolve({ done: false, value: values[at] });
      at += 1;
    }
    if (at >= values.length) this.noteRead(frame);
    else {
      if (this.#frames.length === 0) this.#at = at;
      this.#frames.push(frame);
    }
  }

  /** No further value arrives. Those that have arrived are read before the end. */
  end(end: StreamEnd): void {
    this.#end ??= end;
    for (const waiting of this.#waiting.splice(0)) this.#settle(waiting);
  }

  /** The next value; behind the last one the error, once, or the result. */
  next(): Promise<IteratorResult<unknown>> {
    const [first] = this.#frames;
    if (first !== undefined) {
      const value = first.values[this.#at];
      this.#at += 1;
      if (this.#at === first.values.length) {
        this.#frames.shift();
        this.#at = 0;
        this.noteRead(first);
      }
      return Promise.resolve({ done: false, value });
    }
    return new Promise((resolve, reject) => {
      if (this.#end === undefined) this.#waiting.push({ resolve, reject });
      else this.#settle({ resolve, reject });
    });
  }

  /** Takes all frames that wait. They are not noted as read. */
  take(): ReceivedFrame[] {
    const frames = this.#frames;
    this.#frames = [];
    return frames;
  }

  /** Gives credit once half of the window is read. */
  noteRead({ values, bytes }: ReceivedFrame): void {
    const read = { items: this.#read.items + values.length, bytes: this.#read.bytes + bytes };
    this.#read = read;
    if (this.isOver || (2 * read.items < WINDOW.items && 2 * read.bytes < WINDOW.bytes)) return;
    this.#read = { items: 0, bytes: 0 };
    this.#more(read);
  }

  #settle({ resolve, reject }: Waiting): void {
    const end = this.#end as StreamEnd;
    this.#end = { result: undefined };
    if ('error' in end) reject(end.error);
    else resolve({ done: true, value: end.result });
  }
}
