/** The tasks that the threads have and have not completed, and the shared state of each. */
import { hasOpenRequest, type Slot } from '../../workers/slot.ts';
import type { Task } from '../../workers/task.ts';

export type RunningTasks = {
  add(task: Task): void;
  delete(task: Task): void;
  /** The memory of a batch. */
  slotOf(task: Task): Slot | undefined;
  /** The id of the thread that has started the task; 0 if none has. */
  threadOf(task: Task): number;
  /**
   * Whether a thread has started a request of a running task that has no outcome yet. The pool counts the open requests of
   * completed tasks (`addOpen`).
   */
  hasOpenRequest(thread: number): boolean;
};

export function createRunningTasks(slots: readonly Slot[]): RunningTasks {
  const tasks = new Set<Task>();

  function slotOf(task: Task): Slot | undefined {
    return typeof task === 'number' ? slots[task] : undefined;
  }

  function threadOf(task: Task): number {
    if (task === null) return 0;
    if (typeof task === 'number') return slotOf(task)?.thread ?? 0;
    for (const { claim } of task) {
      const claimant = Atomics.load(claim, 0);
      if (claimant > 0) return claimant;
    }
    return 0;
  }

  return {
    add: (task) => void tasks.add(task),
    delete: (task) => void tasks.delete(task),
    slotOf,
    threadOf,
    hasOpenRequest(thread) {
      for (const task of tasks) {
        const slot = slotOf(task);
        if (threadOf(task) === thread && (slot === undefined || hasOpenRequest(slot))) return true;
      }
      return false;
    },
  };
}
