/** Chooses the thread that takes a task. */
import { TASKS_PER_THREAD } from './first-thread.ts';
import type { PiscinaWorker } from './piscina.ts';
import type { Thread } from './thread.ts';

export type ThreadChoiceOptions = {
  /** Asynchronous requests that a thread may have open before it takes no further task. */
  concurrency: number;
  threadOf: (worker: PiscinaWorker) => Thread | undefined;
  /** Whether another thread may start. */
  hasPlace: () => boolean;
};

export type ThreadChoice = {
  /** Whether a thread may take another task. */
  isFree(thread: Thread): boolean;
  /** Returns the free worker with the fewest tasks; null, which starts a new one, if all have some and there is place. */
  choose(workers: readonly PiscinaWorker[]): PiscinaWorker | null;
};

export function createThreadChoice({ concurrency, threadOf, hasPlace }: ThreadChoiceOptions): ThreadChoice {
  function isFree(thread: Thread): boolean {
    if (thread.state !== 'serving' || thread.isFull) return false;
    return thread.tasks < TASKS_PER_THREAD && thread.openRequests < concurrency;
  }

  return {
    isFree,
    choose(workers) {
      let best: PiscinaWorker | null = null;
      let chosen: Thread | undefined;
      for (const worker of workers) {
        const thread = threadOf(worker);
        if (thread === undefined || !isFree(thread)) continue;
        if (best !== null && worker.currentUsage >= best.currentUsage) continue;
        best = worker;
        chosen = thread;
      }
      if (best === null || (best.currentUsage > 0 && hasPlace())) return null;
      if (chosen !== undefined) chosen.usedAt = performance.now();
      return best;
    },
  };
}
