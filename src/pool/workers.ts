/** The worker threads: their records, their choice for a task, and their number. Knows nothing of requests. */
import type { Task, TaskResult, ThreadMessage, ThreadOptions } from '../../workers/task.ts';
import type { FirstThread } from './first-thread.ts';
import type { Loading } from './loading.ts';
import { createPiscinaAdapter, type PiscinaWorker } from './piscina.ts';
import { Thread } from './thread.ts';
import { createThreadChoice } from './thread-choice.ts';
import { createThreadCounts } from './thread-counts.ts';

export type WorkersOptions = {
  first: FirstThread;
  /** The maximum of threads that take tasks. */
  maxThreads: number;
  /** The minimum of them, at this moment. */
  minThreads: () => number;
  loading: Loading;
  onMessage: (thread: Thread, message: ThreadMessage) => void;
  onStarted: (thread: Thread) => void;
  /** A thread has exited, or is lost. */
  onExited: (thread: Thread) => void;
  /** A thread has died of an error outside of any task. */
  onStrayDeath: (error: unknown) => void;
};

export type Workers = {
  /** By their ids. */
  readonly threads: ReadonlyMap<number, Thread>;
  /** How many threads Piscina counts. */
  readonly size: number;
  /** How many threads take tasks, or will when they have started. */
  readonly active: number;
  /** Whether further threads wait for what the first one imports: they must not import anything else. */
  readonly awaitsSnapshot: boolean;
  /** Whether another thread may start. */
  readonly hasPlace: boolean;
  /** Whether there are spares, or threads that end. */
  readonly hasInactive: boolean;
  /** The options of the threads that start from now on. */
  workerData: ThreadOptions;
  /** @param isExtra whether a thread may take it that has as many open requests as it may have. */
  run(task: Task, isExtra?: boolean): Promise<TaskResult>;
  /** How many tasks wait for a thread. */
  readonly queueSize: number;
  /** Whether a thread that has started may take another task. */
  isFree(thread: Thread): boolean;
  /** As `isFree`, for a task with extra places. */
  hasExtraRoom(thread: Thread): boolean;
  /** Starts a spare, which loads the module at once. */
  startSpare(workerData: ThreadOptions): Thread;
  /** Lets a spare take tasks from now on. */
  serve(spare: Thread): void;
  /** Gives a thread no further task. */
  retire(thread: Thread): void;
  /** Retires all threads except spares. */
  retireAll(): void;
  /** Takes a thread that does not end for one that has exited. */
  giveUp(thread: Thread): void;
  destroy(): Promise<void>;
};

export function createWorkers(options: WorkersOptions): Workers {
  const { first, maxThreads, minThreads, loading, onMessage, onStarted, onExited, onStrayDeath } = options;
  const threads = new Map<number, Thread>();
  let workerData = first.options;

  const choice = createThreadChoice({
    concurrency: first.options.concurrency,
    threadOf,
    hasPlace,
  });
  const piscina = createPiscinaAdapter({
    first,
    maxThreads,
    choose: choice.choose,
    onStarted(worker) {
      const thread = threadOf(worker);
      if (thread === undefined) return;
      thread.usage = worker;
      thread.hasStarted = true;
      onStarted(thread);
    },
    onStrayDeath,
  });
  const counts = createThreadCounts({ piscina, maxThreads, minThreads, mayStart: () => loading.mayStart });

  function awaitsSnapshot(): boolean {
    const { takesSnapshot = false, snapshot, broken } = workerData;
    return takesSnapshot && snapshot === undefined && broken === undefined && counts.active > 0;
  }

  function hasPlace(): boolean {
    return counts.active < maxThreads && loading.mayStart && !awaitsSnapshot();
  }

  function setWorkerData(next: ThreadOptions): void {
    workerData = next;
    piscina.setWorkerData(next);
  }

  function threadOf(usage: PiscinaWorker): Thread | undefined {
    const known = threads.get(usage.id);
    if (known !== undefined) return known;
    const worker = piscina.workers.find(({ threadId }) => threadId === usage.id);
    return worker && follow(new Thread(worker, 'serving', usage));
  }

  function follow(thread: Thread): Thread {
    const { worker } = thread;
    threads.set(thread.id, thread);
    // Before Piscina's listeners, which start other threads in its place.
    worker.prependListener('error', (error) => {
      thread.error = error;
      onDeath(thread);
    });
    worker.prependListener('exit', () => onDeath(thread));
    worker.on('message', (message) => onMessage(thread, message));
    worker.once('exit', () => {
      threads.delete(thread.id);
      if (thread.state !== 'lost') thread.moveTo('exited');
      loading.onExited();
      onExited(thread);
    });
    loading.onCreated();
    return thread;
  }

  function onDeath(thread: Thread): void {
    if (thread.isActive && thread.load === 'pending') loading.onDied();
    counts.onDeath(thread);
    if (!thread.isEnding) thread.moveTo('retiring');
  }

  function retire(thread: Thread): void {
    if (thread.isEnding) return;
    thread.moveTo('retiring');
    if (counts.isCounted(thread.worker)) counts.deactivate(thread.worker);
  }

  return {
    threads,
    get size() {
      return piscina.workers.length;
    },
    get active() {
      return counts.active;
    },
    get awaitsSnapshot() {
      return awaitsSnapshot();
    },
    get hasPlace() {
      return hasPlace();
    },
    get hasInactive() {
      return counts.hasInactive;
    },
    get workerData() {
      return workerData;
    },
    set workerData(next) {
      setWorkerData(next);
    },
    run(task, isExtra = false) {
      choice.isExtra = isExtra;
      // Piscina chooses the thread before it returns.
      const result = piscina.run(task);
      choice.isExtra = false;
      return result;
    },
    get queueSize() {
      return piscina.queueSize;
    },
    hasExtraRoom: (thread) => thread.hasStarted && choice.hasExtraRoom(thread),
    isFree: (thread) => thread.hasStarted && choice.isFree(thread),
    startSpare(spareData) {
      const worker = piscina.startWorker({ ...spareData, loadAtOnce: true });
      counts.deactivate(worker);
      return follow(new Thread(worker, 'spare'));
    },
    serve(spare) {
      spare.moveTo('serving');
      counts.activate(spare.worker);
    },
    retire,
    retireAll() {
      for (const worker of piscina.workers) {
        // A thread that has not started has the options of the others.
        const thread = threads.get(worker.threadId) ?? follow(new Thread(worker, 'serving'));
        if (thread.state !== 'spare') retire(thread);
      }
    },
    giveUp(thread) {
      thread.moveTo('lost');
      piscina.forget(thread.worker);
    },
    destroy: piscina.destroy,
  };
}
