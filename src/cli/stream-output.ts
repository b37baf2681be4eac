/** Prints the values of a stream as they come: together with those that have arrived at the same time. */
import { print } from './print.ts';

/** What is printed at once, in characters. */
const MAX_CHARACTERS = 64 * 1024;

export class StreamOutput {
  readonly #onPrint: () => void;
  #text = '';
  #printing: Promise<boolean> | undefined;
  #isScheduled = false;

  /** @param onPrint called before each output. */
  constructor(onPrint: () => void = () => undefined) {
    this.#onPrint = onPrint;
  }

  /**
   * Prints text, at the latest when the event loop turns, and bytes at once.
   * @returns whether the output still has a reader.
   * @throws the error of the system
   */
  async add(output: string | Uint8Array): Promise<boolean> {
    if (typeof output !== 'string') return this.#print(output);
    this.#text += output;
    if (this.#text.length >= MAX_CHARACTERS) return this.flush();
    if (!this.#isScheduled) {
      this.#isScheduled = true;
      setImmediate(() => {
        this.#isScheduled = false;
        // The next call, or the end, reports an error.
        this.flush().catch(() => undefined);
      });
    }
    return this.#printing ?? true;
  }

  /** Prints the rest. Returns and throws as `add` does. */
  flush(): Promise<boolean> {
    return this.#print('');
  }

  /** Behind the text that waits. */
  #print(output: string | Uint8Array): Promise<boolean> {
    const outputs = [this.#text, output].filter(({ length }) => length > 0);
    this.#text = '';
    for (const each of outputs) {
      const before = this.#printing ?? Promise.resolve(true);
      this.#onPrint();
      this.#printing = before.then((isRead) => isRead && print(each));
    }
    return this.#printing ?? Promise.resolve(true);
  }
}
