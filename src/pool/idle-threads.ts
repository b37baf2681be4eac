/** Ends threads that have been idle, down to the minimum of threads. */

export type IdleThreadsOptions<Thread extends { usedAt: number }> = {
  /** Time without work after which a thread ends, in milliseconds. */
  idleMs: number;
  threads: () => Iterable<Thread>;
  /** How many threads there are above the minimum. */
  surplus: () => number;
  /** Whether a thread has tasks or open requests. */
  isBusy: (thread: Thread) => boolean;
  end: (thread: Thread) => void;
};

export type IdleThreads = {
  /** Must be called when there are more threads. */
  start(): void;
};

export function createIdleThreads<Thread extends { usedAt: number }>({
  idleMs,
  threads,
  surplus,
  isBusy,
  end,
}: IdleThreadsOptions<Thread>): IdleThreads {
  let isRunning = false;

  function check(): void {
    isRunning = false;
    const now = performance.now();
    for (const thread of threads()) {
      if (isBusy(thread)) thread.usedAt = now;
      else if (surplus() > 0 && now - thread.usedAt >= idleMs) end(thread);
    }
    start();
  }

  function start(): void {
    if (isRunning || surplus() <= 0) return;
    isRunning = true;
    setTimeout(check, idleMs / 2).unref();
  }

  return { start };
}
