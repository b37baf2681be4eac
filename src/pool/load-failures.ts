/**
 * Decides whether the module is to blame when a thread cannot load it. A module that one thread has loaded can fail to
 * load in another: when the process has no descriptors left, the loader reports an arbitrary error. Such a thread ends,
 * and the next one tries. After several failures in a row the module is broken: it may have changed on disk.
 */

const MAX_FAILURES = 5;

export type LoadFailures = {
  onLoaded(): void;
  /** A thread has ended before it had loaded the module. */
  onFailed(): void;
};

/** @param setHasLoaded called with the new value when `hasLoaded` of the threads that start from now on changes. */
export function createLoadFailures(setHasLoaded: (hasLoaded: boolean) => void): LoadFailures {
  let hasLoaded = false;
  let failures = 0;

  function set(next: boolean): void {
    if (next === hasLoaded) return;
    hasLoaded = next;
    setHasLoaded(next);
  }

  return {
    onLoaded() {
      failures = 0;
      set(true);
    },
    onFailed() {
      failures += 1;
      if (failures >= MAX_FAILURES) set(false);
    },
  };
}
