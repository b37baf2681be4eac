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
  /** Whether a thread may take a task for which its open requests do not count. */
  hasExtraRoom(thread: Thread): boolean;
  /** Whether the present task is such a task. */
  isExtra: boolean;
  /** Returns the free worker with the fewest tasks; null, which starts a new one, if all have some and there is place. */
  choose(workers: readonly PiscinaWorker[]): PiscinaWorker | null;
};

export function createThreadChoice({ concurrency, threadOf, hasPlace }: ThreadChoiceOptions): ThreadChoice {
  function hasExtraRoom(thread: Thread): boolean {
    return thread.state === 'serving' && !thread.isFull && thread.tasks < TASKS_PER_THREAD;
  }

  function isFree(thread: Thread): boolean {
    return hasExtraRoom(thread) && thread.openRequests < concurrency;
  }

  const choice: ThreadChoice = {
    isFree,
    hasExtraRoom,
    isExtra: false,
    choose(workers) {
      let best: PiscinaWorker | null = null;
      let chosen: Thread | undefined;
      for (const worker of workers) {
        const thread = threadOf(worker);
        if (thread === undefined || !(choice.isExtra ? hasExtraRoom(thread) : isFree(thread))) continue;
        if (best !== null && worker.currentUsage >= best.currentUsage) continue;
        best = worker;
        chosen = thread;
      }
      if (best === null || (best.currentUsage > 0 && hasPlace())) return null;
      if (chosen !== undefined) chosen.usedAt = performance.now();
      return best;
    },
  };
  return choice;
}
