/** Loads a broken module again, after a time that grows with each failure, until it loads or the agent leaves. */

/** The first delay, and the longest one, in milliseconds. It doubles with each attempt. */
const MIN_DELAY_MS = 1_000;
const MAX_DELAY_MS = 30_000;

export type Recovery = {
  /** The module is broken. Has no effect while an attempt is due or under way. */
  start(): void;
  /** The module is loaded: the next failure waits for the shortest time again. */
  reset(): void;
  stop(): void;
};

export type RecoveryDelays = {
  /** @default 1000 */
  minMs?: number;
  /** @default 30000 */
  maxMs?: number;
  /** Calls the function after that many milliseconds. @default setTimeout */
  wait?: (call: () => void, ms: number) => NodeJS.Timeout;
};

export type RecoveryOptions = RecoveryDelays & {
  /** Loads the module again. Rejects if it could not be loaded. */
  load: () => Promise<unknown>;
  /** Whether the module is still broken: a reload may have repaired it during an attempt. */
  isBroken: () => boolean;
};

export function createRecovery({ load, isBroken, ...delays }: RecoveryOptions): Recovery {
  const { minMs = MIN_DELAY_MS, maxMs = MAX_DELAY_MS, wait = setTimeout } = delays;
  let timer: NodeJS.Timeout | undefined;
  let delayMs = minMs;
  let isOver = false;

  function start(): void {
    if (isOver) return;
    timer ??= wait(attempt, delayMs).unref();
  }

  function attempt(): void {
    delayMs = Math.min(maxMs, delayMs * 2);
    const own = timer;
    load()
      .catch(() => undefined)
      .then(() => {
        // After a reload, another attempt may be due.
        if (timer !== own) return;
        if (!isBroken()) return reset();
        timer = undefined;
        start();
      });
  }

  function reset(): void {
    clearTimeout(timer);
    timer = undefined;
    delayMs = minMs;
  }

  return {
    start,
    reset,
    stop() {
      isOver = true;
      clearTimeout(timer);
    },
  };
}
