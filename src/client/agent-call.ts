/** A call of an agent's method. Its caller decides whether the result is a value or a stream. */
import type { IncomingStream } from './incoming-stream.ts';

/**
 * Awaited, it is the promise of the result; with `for await`, it is the stream. The values of a stream that is awaited are an
 * array of up to 10 000.
 */
export class AgentCall extends Promise<unknown> implements AsyncIterable<unknown>, AsyncDisposable {
  readonly #stream: IncomingStream;

  constructor(
    stream: IncomingStream,
    executor: (resolve: (result: unknown) => void, reject: (reason: unknown) => void) => void,
  ) {
    super(executor);
    this.#stream = stream;
  }

  /** What `then` returns is a promise and nothing else. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  // biome-ignore lint/suspicious/noThenProperty: it is a promise, and has to know that it is awaited.
  override then<Result = unknown, Failure = never>(
    onResult?: ((result: unknown) => Result | PromiseLike<Result>) | null,
    onError?: ((reason: unknown) => Failure | PromiseLike<Failure>) | null,
  ): Promise<Result | Failure> {
    this.#stream.collect();
    return super.then(onResult, onError);
  }

  [Symbol.asyncIterator](): AsyncGenerator<unknown, unknown, undefined> {
    // The iteration reports an error.
    super.then(undefined, () => undefined);
    return this.#stream.iterate();
  }

  /** Ends the call if it has no outcome. */
  async [Symbol.asyncDispose](): Promise<void> {
    super.then(undefined, () => undefined);
    this.#stream.leave();
  }
}
