/** Collects the values of a stream for a caller that asked for one reply. */
import { LaunchpoolError } from '../../wire/errors.ts';
import { encodeItem } from '../../wire/json-rpc.ts';
import { Slices } from './slices.ts';
import type { Sink } from './take-values.ts';

/** Values of a stream that fit into one reply. */
const MAX_ITEMS = 10_000;
const HINT = 'Ask for a stream: "stream" beside the params, for await with a client, --stream with `launchpool call`.';

export class ItemCollector implements Sink {
  isStopped = false;
  readonly #slices = new Slices();
  readonly #texts: string[] = [];
  readonly #maxBytes: number | undefined;
  #characters = 0;

  /** @param maxBytes the longest array; undefined for a notification, whose values have no reader. */
  constructor(maxBytes: number | undefined) {
    this.#maxBytes = maxBytes;
  }

  /** The array of all values, as JSON text. */
  get text(): string {
    return `[${this.#texts.join(',')}]`;
  }

  wait(): Promise<void> | undefined {
    return this.#slices.isOver ? this.#slices.next() : undefined;
  }

  add(value: unknown): void {
    const maxBytes = this.#maxBytes;
    if (maxBytes === undefined) return;
    const text = encodeItem(value);
    this.#characters += text.length + 1;
    if (this.#characters > maxBytes) throw tooMany(`more than ${maxBytes} bytes`);
    if (this.#texts.length === MAX_ITEMS) throw tooMany(`more than ${MAX_ITEMS} values`);
    this.#texts.push(text);
  }

  stop(): void {
    this.isStopped = true;
  }
}

function tooMany(what: string): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_RESULT_INVALID', `the stream has ${what}, too much for one reply`, {
    hint: HINT,
  });
}
