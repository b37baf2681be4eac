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

  return {
    onTask(thread, task, slot) {
      if (maxRequests > 0) {
        const { words, index } = slot?.control ?? {};
        // Of a batch, only the claimed frames count: the others go to another thread.
        thread.requests += words && index !== undefined ? cursorOf(Atomics.load(words, index)) : task === null ? 0 : 1;
        if (thread.requests >= maxRequests) onWorn(thread);
      }
      if (maxMb > 0) checkHeap(thread);
    },
  };
}
