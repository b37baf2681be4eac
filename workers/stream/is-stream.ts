/** Which results are streams. */

/** An object that gives its values one after another. */
export type Stream = AsyncIterable<unknown> | Iterator<unknown>;

/** An iterator of either kind. */
export type Source = {
  next(): unknown;
  return?(): unknown;
};

/**
 * Whether a result is a stream: an async iterable, such as an async generator or a web ReadableStream, or a generator. Other
 * iterables, such as arrays and sets, are values.
 */
export function isStream(value: unknown): value is Stream {
  if (typeof value !== 'object' || value === null) return false;
  const { [Symbol.asyncIterator]: iterate, next } = value as { [Symbol.asyncIterator]?: unknown; next?: unknown };
  return typeof iterate === 'function' || (typeof next === 'function' && Symbol.iterator in value);
}

export function sourceOf(stream: Stream): Source {
  return Symbol.asyncIterator in stream ? stream[Symbol.asyncIterator]() : stream;
}
