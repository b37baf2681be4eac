/** Looks after what is with a worker: what does not get on is not allowed to hold up what has not been begun. */

/** How often it looks, in milliseconds. Two looks without progress are one too many. */
const CHECK_MS = 1;

export type StallDetector = {
  /** Looks, from now on, until there is nothing left to look at. */
  start(): void;
  stop(): void;
};

/**
 * @param items what is with a worker now; each says whether it has not moved between the last two looks.
 * @param onStuck called for each that has not; again at each look that finds it so.
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
