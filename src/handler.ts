/** `launchpool/handler`: what a handler can ask of launchpool. Works without it as well, so that handlers can be tested. */

/**
 * The signal of the request that is running: it fires when the caller has cancelled it or hung up, when its time is
 * over, and when the agent has to leave. Its reason is a LaunchpoolError. A handler that heeds it in time keeps its
 * thread; one that does not has it replaced after `--cancel-grace`.
 *
 * To be called before the handler's first `await`; outside of launchpool it never fires.
 */
export function requestSignal(): AbortSignal {
  const ask = (globalThis as Record<symbol, unknown>)[Symbol.for('launchpool.requestSignal')];
  return typeof ask === 'function' ? (ask as () => AbortSignal)() : new AbortController().signal;
}
