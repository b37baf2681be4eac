/** The result of a call as a stream: its values, read one by one or all at once. */
import { LaunchpoolError } from '../../wire/errors.ts';
import { type ReceivedFrame, ReceivedValues, type StreamEnd } from '../../wire/received-values.ts';
import type { StreamCredit } from '../../wire/stream.ts';

/** As in an agent, for a caller that wants all values at once. */
const MAX_COLLECTED = 10_000;

export type IncomingStreamActions = {
  /** Gives credit to the agent. */
  more: (credit: StreamCredit) => void;
  /** Ends the call, whose rest has no reader. With an error, the call is rejected. */
  leave: (error?: LaunchpoolError) => void;
};

export class IncomingStream {
  readonly #method: string;
  readonly #leaveCall: IncomingStreamActions['leave'];
  readonly #values: ReceivedValues;
  /** Whether the agent has sent values, or has said that there are none: the result of the method is a stream. */
  #isStream = false;
  #reader: 'none' | 'iterator' | 'promise' = 'none';
  #collected: unknown[] = [];

  constructor(method: string, { more, leave }: IncomingStreamActions) {
    this.#method = method;
    this.#leaveCall = leave;
    this.#values = new ReceivedValues(more);
  }

  onItems(values: readonly unknown[], bytes: number): void {
    if (this.#values.isOver) return;
    this.#isStream = true;
    const frame = { values, bytes };
    if (this.#reader === 'promise') this.#collect(frame);
    else this.#values.push(frame);
  }

  /** The call has an outcome. @returns what the promise of the call resolves with. */
  end(end: StreamEnd): unknown {
    const isValue = 'result' in end && !this.#isStream;
    const rest = this.#reader === 'iterator' ? [] : this.#values.take().flatMap(({ values }) => values);
    this.#values.end(isValue ? { error: notStream(this.#method, end.result) } : end);
    if (!this.#isStream || this.#reader === 'iterator') return 'result' in end ? end.result : undefined;
    const all = [...this.#collected, ...rest];
    // Its values can still be iterated over.
    if (this.#reader === 'none') this.#collected = all;
    return all;
  }

  /** The promise of the call is awaited: if the result is a stream, its values are the array that it resolves with. */
  collect(): void {
    if (this.#reader !== 'none') return;
    this.#reader = 'promise';
    for (const frame of this.#values.take()) this.#collect(frame);
  }

  /** @returns an iterator that ends with what the method returned. All iterators of a stream share its values. */
  iterate(): AsyncGenerator<unknown, unknown, undefined> {
    if (this.#reader === 'none') this.#reader = 'iterator';
    const leave = async (): Promise<void> => this.leave();
    const iterator: AsyncGenerator<unknown, unknown, undefined> = {
      next: () => this.#next(),
      async return(value) {
        await leave();
        return { done: true, value: await value };
      },
      async throw(thrown) {
        await leave();
        throw thrown;
      },
      [Symbol.asyncIterator]: () => iterator,
      [Symbol.asyncDispose]: leave,
    };
    return iterator;
  }

  /** Ends the call if it has no outcome. */
  leave(): void {
    this.#values.take();
    this.#collected = [];
    if (this.#values.isOver) return;
    this.#isStream = true;
    this.#leaveCall();
    this.end({ result: undefined });
  }

  #next(): Promise<IteratorResult<unknown>> {
    if (this.#collected.length > 0 && this.#reader === 'iterator')
      return Promise.resolve({ done: false, value: this.#collected.shift() });
    return this.#values.next();
  }

  #collect(frame: ReceivedFrame): void {
    if (this.#collected.length + frame.values.length > MAX_COLLECTED) {
      this.#leaveCall(tooMany(this.#method));
      return;
    }
    for (const value of frame.values) this.#collected.push(value);
    this.#values.noteRead(frame);
  }
}

function notStream(method: string, data: unknown): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_NOT_A_STREAM', `${method} returned a value, and not a stream`, {
    data,
    hint: 'Await the call.',
  });
}

function tooMany(method: string): LaunchpoolError {
  return new LaunchpoolError(
    'ERR_LAUNCHPOOL_RESULT_INVALID',
    `the stream of ${method} has more than ${MAX_COLLECTED} values, too many for one array`,
    { hint: 'Read it with for await.' },
  );
}
