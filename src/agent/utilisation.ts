/** How much of the time threads are at work, asked of Node when somebody wants to know. */
import type { EventLoopUtilization } from 'node:perf_hooks';
import type { Worker } from 'node:worker_threads';

export type Utilisation = {
  thread: number;
  /** From 0 to 1, since the same asker asked last, or since the thread was started. */
  sinceLast: number;
  sinceStart: number;
};

/** What is looked at of a thread. */
export type Measured = Pick<Worker, 'threadId' | 'performance'>;

/** Returns what asks, for an asker that remembers nothing itself. */
export function createUtilisation(workers: () => Iterable<Measured>): (asker: object) => Utilisation[] {
  const last = new WeakMap<object, Map<number, EventLoopUtilization>>();
  return (asker) => {
    const before = last.get(asker);
    const now = new Map<number, EventLoopUtilization>();
    const found = Array.from(workers(), ({ threadId: thread, performance }) => {
      const total = performance.eventLoopUtilization();
      now.set(thread, total);
      const earlier = before?.get(thread);
      const part = earlier === undefined ? total : performance.eventLoopUtilization(total, earlier);
      return { thread, sinceLast: rounded(part.utilization), sinceStart: rounded(total.utilization) };
    });
    last.set(asker, now);
    return found;
  };
}

/** Of a thread that has had no time yet, there is none. */
function rounded(share: number): number {
  return Number.isFinite(share) ? Math.round(Math.min(1, Math.max(0, share)) * 10_000) / 10_000 : 0;
}
