/** Decides which threads have served long enough. */
import { cursorOf } from '../../workers/control-word.ts';
import type { Slot } from '../../workers/slot.ts';
import type { Task } from '../../workers/task.ts';
import type { Thread } from './thread.ts';

/** How often a thread is asked how large its heap is, in milliseconds. */
const ASK_MS = 500;

export type RecyclingOptions = {
  /** 0 means any number. */
  maxRequests: number;
  /** In MiB; 0 means any size. */
  maxMb: number;
  onWorn: (thread: Thread) => void;
};

export type Recycling = {
  /** Says that a thread has finished a task, before the task's memory is used for anything else. */
  onTask(thread: Thread, task: Task, slot: Slot | undefined): void;
};

/** Undefined where every thread may serve for ever. */
export function createRecycling(options: RecyclingOptions): Recycling | undefined {
  const { maxRequests, maxMb, onWorn } = options;
  if (maxRequests === 0 && maxMb === 0) return undefined;
  const askedAt = new WeakMap<Thread, number>();

  function askForHeap(thread: Thread): void {
    const now = performance.now();
    if (now - (askedAt.get(thread) ?? Number.NEGATIVE_INFINITY) < ASK_MS) return;
    askedAt.set(thread, now);
    thread.worker.getHeapStatistics().then(
      ({ used_heap_size: bytes }) => {
        if (bytes > maxMb * 1024 * 1024) onWorn(thread);
      },
      // It has ended.
      () => undefined,
    );
  }

  return {
    onTask(thread, task, slot) {
      if (maxRequests > 0) {
        const { words, index } = slot?.control ?? {};
        // What has been begun of a batch; the rest of it goes elsewhere.
        thread.requests += words && index !== undefined ? cursorOf(Atomics.load(words, index)) : task === null ? 0 : 1;
        if (thread.requests >= maxRequests) onWorn(thread);
      }
      if (maxMb > 0) askForHeap(thread);
    },
  };
}
