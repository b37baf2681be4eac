/** Detects work that makes no progress at a worker, so that requests behind it can go elsewhere. */

/** Between two checks, in milliseconds. Work without progress at two checks in a row is stuck. */
const CHECK_MS = 1;

export type StallDetector = {
  /** Checks from now on, until there is nothing left to check. */
  start(): void;
  stop(): void;
};

/**
 * @param items the work that workers have. Each call of `isStuck()` is a check; it returns true at the second one in a row
 *   without progress.
 * @param onStuck called for each stuck item, at each check.
 */
export function createStallDetector<Item extends { isStuck(): boolean }>(
  items: ReadonlySet<Item>,
  onStuck: (item: Item) => void,
): StallDetector {
  let timer: NodeJS.Timeout | undefined;

  function check(): void {
    if (items.size === 0) stop();
    for (const item of items) if (item.isStuck()) onStuck(item);
  }

  function stop(): void {
    clearInterval(timer);
    timer = undefined;
  }

  return {
    start() {
      timer ??= setInterval(check, CHECK_MS);
    },
    stop,
  };
}
