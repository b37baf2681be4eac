/**
 * Ends threads that do not take what they are given. No request keeps them from it, whose time somebody else looks
 * after, but something else of the module's: a timer that never comes to an end, for instance.
 */
import type { Thread } from './thread.ts';

/** So often it looks within the time that a thread may be silent. */
const CHECKS = 8;

export type UnresponsiveCheckOptions = {
  /** How long a thread may be silent, in milliseconds. */
  timeoutMs: number;
  threads: () => Iterable<Thread>;
  /** Whether it has begun a request that has no outcome yet. */
  isInRequest: (thread: Thread) => boolean;
  onUnresponsive: (thread: Thread) => void;
};

export type UnresponsiveCheck = {
  /** Says that a thread has been given something. */
  start(): void;
};

/** What changes whenever a thread is given something, or has finished something. */
type Sign = { since: number; usedAt: number; tasks: number };

export function createUnresponsiveCheck({
  timeoutMs,
  threads,
  isInRequest,
  onUnresponsive,
}: UnresponsiveCheckOptions): UnresponsiveCheck {
  const signs = new WeakMap<Thread, Sign>();
  let isRunning = false;

  function isUnresponsive(thread: Thread): boolean {
    // Before its module is loaded, there is nothing that it could take anything with.
    return thread.isLoaded && !thread.terminated && thread.tasks.currentUsage > 0 && !isInRequest(thread);
  }

  function check(): void {
    isRunning = false;
    const now = performance.now();
    let isAnyAtWork = false;
    for (const thread of threads()) {
      const { usedAt } = thread;
      const tasks = thread.tasks.currentUsage;
      isAnyAtWork ||= tasks > 0;
      const last = signs.get(thread);
      if (!isUnresponsive(thread)) signs.delete(thread);
      else if (last?.usedAt !== usedAt || last.tasks !== tasks) signs.set(thread, { since: now, usedAt, tasks });
      else if (now - last.since >= timeoutMs) onUnresponsive(thread);
    }
    if (isAnyAtWork) start();
  }

  function start(): void {
    if (isRunning) return;
    isRunning = true;
    setTimeout(check, timeoutMs / CHECKS).unref();
  }

  return { start };
}
