/** Runs tasks on the worker threads, and fails a task only when its thread can no longer write to its memory. */
import type { LaunchpoolError } from '../../wire/errors.ts';
import type { Slot } from '../../workers/slot.ts';
import type { Task, TaskResult } from '../../workers/task.ts';
import { createRunningTasks } from './running-tasks.ts';
import type { Thread } from './thread.ts';
import { exitErrorOf, threadExited } from './thread-errors.ts';

export type TaskRunsOptions = {
  slots: readonly Slot[];
  run: (task: Task, isExtra?: boolean) => Promise<TaskResult>;
  threads: ReadonlyMap<number, Thread>;
  /** A task is handed to the threads. */
  onStart: () => void;
  /** A task is complete. `slot` is its memory, if it is a batch. */
  onComplete: (task: Task, result: TaskResult, slot: Slot | undefined) => void;
  /** Ends a thread at once. */
  end: (thread: Thread) => void;
  /** Why no thread can load the module; undefined if it is not broken. */
  brokenBy: () => LaunchpoolError | undefined;
};

export type TaskRuns = {
  /** @throws ERR_LAUNCHPOOL_THREAD_EXITED */
  run<Result extends TaskResult>(task: Task, isExtra?: boolean): Promise<Result>;
  /** The thread that ran a task, or runs it; undefined if none has started it. */
  threadOf(task: Task, result?: TaskResult): Thread | undefined;
  /** Whether a thread has an open request in one of the running tasks. */
  hasOpenRequest(thread: Thread): boolean;
  onExited(thread: Thread): void;
  /** Whether a lost thread may still write to the slot. */
  isLost(slot: number): boolean;
};

export function createTaskRuns({ slots, run, threads, onStart, onComplete, end, brokenBy }: TaskRunsOptions): TaskRuns {
  const runningTasks = createRunningTasks(slots);
  const lostSlots = new Set<number>();
  /** The threads that have exited in this turn of the event loop: their tasks fail after them. */
  const exited = new Map<number, Thread>();

  function threadOf(task: Task, result?: TaskResult): Thread | undefined {
    const id = typeof result === 'object' ? (result.results[0]?.thread ?? 0) : runningTasks.threadOf(task);
    return threads.get(id) ?? exited.get(id);
  }

  return {
    async run<Result extends TaskResult>(task: Task, isExtra = false): Promise<Result> {
      runningTasks.add(task);
      onStart();
      try {
        const result = (await run(task, isExtra)) as Result;
        onComplete(task, result, runningTasks.slotOf(task));
        return result;
      } catch (cause) {
        const thread = threadOf(task);
        // A thread that survives a failed task has a module that changed the thread's own functions. It cannot go on.
        if (thread !== undefined && !thread.isEnding) end(thread);
        // Piscina reports an uncaught error before the thread has exited; until then it may write to the slot.
        await thread?.ended;
        if (thread?.state === 'lost' && typeof task === 'number') lostSlots.add(task);
        throw thread === undefined ? (brokenBy() ?? threadExited(cause)) : exitErrorOf(thread, cause);
      } finally {
        runningTasks.delete(task);
      }
    },
    threadOf,
    hasOpenRequest: ({ id }) => runningTasks.hasOpenRequest(id),
    onExited(thread) {
      exited.set(thread.id, thread);
      setImmediate(() => exited.delete(thread.id));
    },
    isLost: (slot) => lostSlots.has(slot),
  };
}
