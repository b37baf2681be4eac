/** Collects the values of a stream for a caller that asked for one reply. */
import { LaunchpoolError } from '../../wire/errors.ts';
import { type Encoded, owned } from '../../wire/response.ts';
import { encodeValue, joinValues, type ValueForm } from '../message-codec.ts';
import { Slices } from './slices.ts';
import type { Sink } from './take-values.ts';

/** Values of a stream that fit into one reply. */
const MAX_ITEMS = 10_000;
const WHAT = 'value of the stream';
const HINT = 'Ask for a stream: "stream" beside the params, for await with a client, --stream with `launchpool call`.';

export class ItemCollector implements Sink {
  isStopped = false;
  readonly #slices = new Slices();
  readonly #form: ValueForm;
  readonly #values: Encoded[] = [];
  readonly #maxBytes: number | undefined;
  #characters = 0;

  /** @param maxBytes the longest array; undefined for a notification, whose values have no reader. */
  constructor(form: ValueForm, maxBytes: number | undefined) {
    this.#form = form;
    this.#maxBytes = maxBytes;
  }

  /** The array of all values. */
  get all(): Encoded {
    return joinValues(this.#values, this.#form, WHAT);
  }

  wait(): Promise<void> | undefined {
    return this.#slices.isOver ? this.#slices.next() : undefined;
  }

  add(value: unknown): void {
    const maxBytes = this.#maxBytes;
    if (maxBytes === undefined) return;
    const encoded = owned(encodeValue(value, this.#form, WHAT));
    this.#characters += encoded.length + 1;
    if (this.#characters > maxBytes) throw tooMany(`more than ${maxBytes} bytes`);
    if (this.#values.length === MAX_ITEMS) throw tooMany(`more than ${MAX_ITEMS} values`);
    this.#values.push(encoded);
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
