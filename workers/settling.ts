/**
 * Waits for promises and for other objects with a `then`, whatever the module has made of them or of
 * `Promise.prototype.then`: every request needs an outcome. The language's own `await` calls neither that function nor the
 * constructor that a promise names.
 */

const { Promise: OwnPromise } = globalThis;

/** Whether a value is a promise of `whenSettled`, also if the module has replaced the global `Promise`. */
export function isOwnPromise<Value>(value: Value | Promise<Value>): value is Promise<Value> {
  return value instanceof OwnPromise;
}

/**
 * As `Promise.resolve(value).then(onValue, onError)`. The functions must not return what the module has made: a promise
 * reads the `then` of an object that it is resolved with.
 */
export async function whenSettled<Value, Result>(
  value: Value | PromiseLike<Value>,
  onValue: (value: Value) => Result,
  onError?: (error: unknown) => Result,
): Promise<Result> {
  let settled: Value;
  try {
    settled = await value;
  } catch (thrown) {
    if (onError === undefined) throw thrown;
    return onError(thrown);
  }
  return onValue(settled);
}

/** As Promise.all(), which the module may have replaced. */
export async function allOf(promises: readonly Promise<void>[]): Promise<void> {
  for (const promise of promises) await promise;
}
