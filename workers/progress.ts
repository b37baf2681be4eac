/** Sends how far a request is, at most 20 times a second, and the last report always. */
import type { IdText } from '../wire/id-text.ts';
import { PROGRESS_METHOD } from '../wire/progress.ts';
import { type Encoded, encodeNotification } from '../wire/response.ts';

const PAUSE_MS = 50;

type Report = { done: number; total: number | undefined; text: string | undefined };

export class Progress {
  readonly #id: IdText;
  readonly #send: (notification: Encoded) => void;
  #waiting: Report | undefined;
  #timer: NodeJS.Timeout | undefined;
  #nextAt = 0;

  /** @param send sends a notification. */
  constructor(id: IdText, send: (notification: Encoded) => void) {
    this.#id = id;
    this.#send = send;
  }

  /** @throws TypeError */
  report(done: number, total?: number, text?: string): void {
    const isValid = Number.isFinite(done) && (total === undefined || Number.isFinite(total));
    if (!isValid || (text !== undefined && typeof text !== 'string'))
      throw new TypeError('progress(done, total, text) takes two finite numbers and text; done is required');
    this.#waiting = { done, total, text };
    const left = this.#nextAt - now();
    if (left <= 0) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), left);
  }

  /** The request has an outcome. */
  end(): void {
    this.#flush();
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#waiting === undefined) return;
    const { done, total, text } = this.#waiting;
    this.#waiting = undefined;
    this.#nextAt = now() + PAUSE_MS;
    this.#send(encodeNotification(this.#id, PROGRESS_METHOD, { done, total, text }));
  }
}

/** Without `performance`, which a thread would load only for this. */
function now(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}
