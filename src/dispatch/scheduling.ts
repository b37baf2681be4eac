/** When things are done: once per turn of the event loop, or once for all callers. */

/** Returns what has `call` run once, at the end of this turn of the event loop, however often it is called. */
export function oncePerTurn(call: () => void): () => void {
  let isScheduled = false;
  const run = (): void => {
    isScheduled = false;
    call();
  };
  return () => {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(run);
  };
}

/** Returns a call whose promise all callers share while it is pending. */
export function sharedCall(call: () => Promise<unknown>): () => Promise<unknown> {
  let pending: Promise<unknown> | undefined;
  return () => {
    pending ??= call().finally(() => {
      pending = undefined;
    });
    return pending;
  };
}
