/** The utilisation of threads, measured by Node's event loop utilisation on demand. */
import type { EventLoopUtilization } from 'node:perf_hooks';
import type { Worker } from 'node:worker_threads';

export type Utilisation = {
  thread: number;
  /** From 0 to 1, since the asker's last measurement, or since the start of the thread. */
  sinceLast: number;
  sinceStart: number;
};

/** The measured part of a thread. */
export type Measured = Pick<Worker, 'threadId' | 'performance'>;

/** Returns the function that measures. It remembers the last measurement of each asker. */
export function createUtilisation(workers: () => Iterable<Measured>): (asker: object) => Utilisation[] {
  const last = new WeakMap<object, Map<number, EventLoopUtilization>>();
  return (asker) => {
    const before = last.get(asker);
    const now = new Map<number, EventLoopUtilization>();
    const result = Array.from(workers(), ({ threadId: thread, performance }) => {
      const total = performance.eventLoopUtilization();
      now.set(thread, total);
      const earlier = before?.get(thread);
      const part = earlier === undefined ? total : performance.eventLoopUtilization(total, earlier);
      return { thread, sinceLast: rounded(part.utilization), sinceStart: rounded(total.utilization) };
    });
    last.set(asker, now);
    return result;
  };
}

/** 0 for a thread without measured time. */
function rounded(share: number): number {
  return Number.isFinite(share) ? Math.round(Math.min(1, Math.max(0, share)) * 10_000) / 10_000 : 0;
}
