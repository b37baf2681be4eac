/** `launchpool/handler`: functions for use inside of a handler. They also work outside of an agent, for tests of handlers. */

/**
 * Returns the signal of the running request. It fires when the caller cancels the request or disconnects, when the
 * request's timeout expires, and when the agent shuts down. Its reason is a LaunchpoolError. A handler that goes on
 * after `--cancel-grace` is orphaned: see docs/protocol.md. If it blocks its thread, the thread is replaced.
 *
 * Call it before the first `await` of the handler. Outside of an agent, the signal never fires.
 */
export function requestSignal(): AbortSignal {
  const getSignal = (globalThis as Record<symbol, unknown>)[Symbol.for('launchpool.requestSignal')];
  return typeof getSignal === 'function' ? (getSignal as () => AbortSignal)() : new AbortController().signal;
}
