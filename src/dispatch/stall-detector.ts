/** Detects work that makes no progress at a worker, so that requests behind it can go elsewhere. */

/**
 * Between two checks, in milliseconds. Work without progress at two checks in a row is stuck. Each check wakes the main
 * thread, and finds nothing sooner than requests of a usual length end.
 */
const MIN_CHECK_MS = 1;
const MAX_CHECK_MS = 4;

export type StallDetector = {
  /** Checks from now on, until there is nothing left to check. */
  start(): void;
  stop(): void;
};

/**
 * @param items the work that workers have. Each call of `isStuck()` is a check; it returns true at the second one in a row
 *   without progress.
 * @param onStuck called for each stuck item, at each check.
 * @param usualMs how long a piece of work without visible progress usually takes.
 */
export function createStallDetector<Item extends { isStuck(): boolean }>(
  items: ReadonlySet<Item>,
  onStuck: (item: Item) => void,
  usualMs: () => number = () => 0,
): StallDetector {
  let timer: NodeJS.Timeout | undefined;

  function check(): void {
    timer = undefined;
    if (items.size > 0) start();
    for (const item of items) if (item.isStuck()) onStuck(item);
  }

  function start(): void {
    timer ??= setTimeout(check, Math.min(MAX_CHECK_MS, Math.max(MIN_CHECK_MS, 2 * usualMs())));
  }

  return {
    start,
    stop() {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}
