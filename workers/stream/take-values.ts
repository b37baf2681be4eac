/** Takes the values of a stream one by one, until it ends or has no reader any more. */
import type { RequestKey, Requests } from '../requests.ts';
import type { Source } from './is-stream.ts';
import { nextTurn } from './slices.ts';

/** Turns of the event loop in which a message that was sent before arrives. */
const MESSAGE_TURNS = 2;

/** Where the values go. */
export type Sink = {
  /** Whether the stream has no reader any more. */
  readonly isStopped: boolean;
  /** Undefined if the next value may be asked for; otherwise resolves when to look again. */
  wait(): Promise<void> | undefined;
  /** @throws what the request fails with. */
  add(value: unknown): void;
  /** The request is cancelled: a promise of `wait()` must resolve. */
  stop(): void;
};

/** How a stream ended. Without a reader, `result` is undefined. */
export type StreamEnd = { isStopped: boolean; result: unknown };

/**
 * When the request is cancelled, its signal has fired; then the source's `return()` is called at once, also while a `next()`
 * is pending: a generator runs its `finally` as soon as it gets there.
 * @throws what the source or the sink throws.
 */
export async function takeValues(source: Source, sink: Sink, requests: Requests, key: RequestKey): Promise<StreamEnd> {
  const { ticket, index } = key;
  let returned: Promise<void> | undefined;
  const stop = (): void => {
    sink.stop();
    returned ??= callReturn();
  };
  requests.onCancel(key, stop);

  /** The outcome of the request is decided: what its end throws has no reader. */
  async function callReturn(): Promise<void> {
    try {
      await within(() => source.return?.());
    } catch {
      // As above.
    }
  }

  /** The code of the source can ask for the signal of its request. */
  function within<Result>(call: () => Result): Result {
    requests.enter(ticket, index);
    try {
      return call();
    } finally {
      requests.leave();
    }
  }

  const next = (): unknown => source.next();
  let isFromSink = false;
  try {
    while (!sink.isStopped) {
      const wait = sink.wait();
      if (wait !== undefined) {
        await wait;
        continue;
      }
      isFromSink = false;
      const step = (await within(next)) as IteratorResult<unknown>;
      if (step.done) return { isStopped: sink.isStopped, result: step.value };
      const { value } = step;
      isFromSink = true;
      if (!sink.isStopped) sink.add(value);
    }
  } catch (thrown) {
    if (!sink.isStopped) {
      // A source that has thrown has ended.
      if (isFromSink) await callReturn();
      throw thrown;
    }
  }
  // The message that fires the signal is older than the mark by which the sink has stopped.
  for (let turns = MESSAGE_TURNS; turns > 0 && returned === undefined; turns -= 1) await nextTurn();
  stop();
  await returned;
  return { isStopped: true, result: undefined };
}
