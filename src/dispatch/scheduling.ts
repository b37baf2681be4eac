/** Combines calls into one per turn of the event loop. */

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
