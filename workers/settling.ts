/** Waits for promises, even if the module has replaced Promise.prototype.then: every request needs an outcome. */

const { apply } = Reflect;
const { then } = Promise.prototype;
const resolve = Promise.resolve.bind(Promise);

/** As `Promise.resolve(value).then(onValue, onError)`. */
export function whenSettled<Value, Result>(
  value: Value | PromiseLike<Value>,
  onValue: (value: Value) => Result,
  onError?: (error: unknown) => Result,
): Promise<Result> {
  return apply(then, resolve(value), [onValue, onError]) as Promise<Result>;
}
