/** Combines calls: one per turn of the event loop, or one for all callers. */

/** Returns a function that runs `call` at the end of this turn of the event loop: once, however often it is called. */
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

/** Returns a function that runs `call`; callers share its promise while it is pending. */
export function sharedCall(call: () => Promise<unknown>): () => Promise<unknown> {
  let pending: Promise<unknown> | undefined;
  return () => {
    pending ??= call().finally(() => {
      pending = undefined;
    });
    return pending;
  };
}
