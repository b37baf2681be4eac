/** Decides which threads have run enough requests, or use too much heap, and are to be replaced. */
import { cursorOf } from '../../workers/control-word.ts';
import type { Slot } from '../../workers/slot.ts';
import type { Task } from '../../workers/task.ts';
import type { Thread } from './thread.ts';

/** Minimum time between two readings of a thread's heap size. */
const HEAP_CHECK_MS = 500;

export type RecyclingOptions = {
  /** 0 means no limit. */
  maxRequests: number;
  /** In MiB; 0 means no limit. */
  maxMb: number;
  onWorn: (thread: Thread) => void;
};

export type Recycling = {
  /** A thread has completed a task. Must be called before the memory of the task has another use. */
  onTask(thread: Thread, task: Task, slot: Slot | undefined): void;
};

/** Returns undefined if there is no limit. */
export function createRecycling(options: RecyclingOptions): Recycling | undefined {
  const { maxRequests, maxMb, onWorn } = options;
  if (maxRequests === 0 && maxMb === 0) return undefined;
  const checkedAt = new WeakMap<Thread, number>();

  function checkHeap(thread: Thread): void {
    const now = performance.now();
    if (now - (checkedAt.get(thread) ?? Number.NEGATIVE_INFINITY) < HEAP_CHECK_MS) return;
    checkedAt.set(thread, now);
    thread.worker.getHeapStatistics().then(
      ({ used_heap_size: bytes }) => {
        if (bytes > maxMb * 1024 * 1024) onWorn(thread);
      },
      // It has exited.
      () => undefined,
    );
  }

  /** Of a batch and of long requests, only the claimed ones count: the others go to another thread. */
  function startedBy({ id }: Thread, task: Task, slot: Slot | undefined): number {
    if (slot !== undefined) return cursorOf(Atomics.load(slot.control.words, slot.control.index));
    if (task === null || typeof task === 'number') return 0;
    return task.filter(({ claim }) => Atomics.load(claim, 0) === id).length;
  }

  return {
    onTask(thread, task, slot) {
      if (maxRequests > 0) {
        thread.requests += startedBy(thread, task, slot);
        if (thread.requests >= maxRequests) onWorn(thread);
      }
      if (maxMb > 0) checkHeap(thread);
    },
  };
}
