/**
 * Finds threads that do not begin their tasks although no request keeps them busy. Something else of the module blocks
 * such a thread, for instance a timer that never returns. Requests have time limits of their own.
 */
import type { Thread } from './thread.ts';

/** Checks per timeout. */
const CHECKS = 8;

export type UnresponsiveCheckOptions = {
  /** Time without progress after which a thread is unresponsive, in milliseconds. */
  timeoutMs: number;
  threads: () => Iterable<Thread>;
  /** Whether a thread has started a request that has no outcome yet. */
  isInRequest: (thread: Thread) => boolean;
  onUnresponsive: (thread: Thread) => void;
};

export type UnresponsiveCheck = {
  /** Must be called when a thread gets a task. */
  start(): void;
};

/** Values that change with each task that a thread gets or completes, and the time since which they are equal. */
type Progress = { since: number; usedAt: number; tasks: number };

export function createUnresponsiveCheck({
  timeoutMs,
  threads,
  isInRequest,
  onUnresponsive,
}: UnresponsiveCheckOptions): UnresponsiveCheck {
  const lastProgress = new WeakMap<Thread, Progress>();
  let isRunning = false;

  function isSuspect(thread: Thread): boolean {
    // Without a module, a thread cannot begin a request.
    const runs = thread.load === 'loaded' || thread.load === 'broken';
    return runs && thread.state !== 'terminating' && thread.tasks > 0 && !isInRequest(thread);
  }

  function check(): void {
    isRunning = false;
    const now = performance.now();
    let hasTasks = false;
    for (const thread of threads()) {
      const { usedAt, tasks } = thread;
      hasTasks ||= tasks > 0;
      const last = lastProgress.get(thread);
      if (!isSuspect(thread)) lastProgress.delete(thread);
      else if (last?.usedAt !== usedAt || last.tasks !== tasks) lastProgress.set(thread, { since: now, usedAt, tasks });
      else if (now - last.since >= timeoutMs) onUnresponsive(thread);
    }
    if (hasTasks) start();
  }

  function start(): void {
    if (isRunning) return;
    isRunning = true;
    setTimeout(check, timeoutMs / CHECKS).unref();
  }

  return { start };
}
