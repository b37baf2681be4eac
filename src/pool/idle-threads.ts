/** Ends threads that have had nothing to do for a while, down to as many as there shall be at least. */

export type IdleThreadsOptions<Thread extends { usedAt: number }> = {
  /** How long a thread may have nothing to do, in milliseconds. */
  idleMs: number;
  threads: () => Iterable<Thread>;
  /** How many there are more than there shall be at least. */
  surplus: () => number;
  /** Whether it is at work, or owes a reply. */
  isBusy: (thread: Thread) => boolean;
  end: (thread: Thread) => void;
};

export type IdleThreads = {
  /** Says that there are more threads. */
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
