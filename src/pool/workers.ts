/**
 * Piscina, and the say over which threads there are: those that are given work, and beyond them those that are not yet,
 * or not any more.
 */
import type { Worker } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { Task, TaskResult, ThreadMessage, ThreadOptions } from '../../workers/task.ts';
import { adopting, type FirstThread, TASKS_PER_THREAD } from './first-thread.ts';
import { createThread, type PiscinaWorker, type Thread } from './thread.ts';
import { WORKER_ENTRY, WORKER_FUNCTION } from './worker-entry.ts';

/** So many threads in a row may fail to load a module that others have loaded; then the module is broken. */
const MAX_FAILURES = 5;

export type WorkersOptions = {
  first: FirstThread;
  /** The most threads that are given work. */
  maxThreads: number;
  /** How many there are to be at least, at the moment. */
  minThreads: () => number;
  onMessage: (thread: Thread, message: ThreadMessage) => void;
  /** A thread has started. */
  onReady: (thread: Thread) => void;
  /** A thread has ended, or is taken for one that has. */
  onGone: (thread: Thread) => void;
  /** A thread died outside of any task. */
  onStrayDeath: (error: unknown) => void;
};

export type Workers = {
  /** By their ids. */
  readonly threads: ReadonlyMap<number, Thread>;
  /** How many there are. */
  readonly size: number;
  /** Whether there are some that are not given work. */
  readonly hasEnding: boolean;
  /** How many are given work, or will be when they have started. */
  readonly active: number;
  /** What threads that start from now on are told. */
  workerData: ThreadOptions;
  run(task: Task): Promise<TaskResult>;
  /** Whether a thread that has started can be given something. */
  canTake(thread: Thread): boolean;
  /** Starts a thread that is given nothing, and loads the module at once. */
  startSpare(workerData: ThreadOptions): Thread;
  /** Gives a spare thread work from now on. */
  serve(spare: Thread): void;
  /** Gives it nothing from now on. */
  retire(thread: Thread): void;
  /** Does so with all but those that are spare. */
  retireAll(): void;
  /** Takes it for one that has ended, though it has not. */
  giveUp(thread: Thread): void;
  destroy(): Promise<void>;
};

export function createWorkers(options: WorkersOptions): Workers {
  const { first, maxThreads, minThreads, onMessage, onReady, onGone, onStrayDeath } = options;
  const { concurrency } = first.options;
  const threads = new Map<number, Thread>();
  /** Those that Piscina counts and that are given nothing. */
  const beyond = new Set<Worker>();
  let workerData = first.options;
  let mustAdd = false;
  /** Threads in a row that have ended before they had loaded the module. */
  let failures = 0;

  const piscina = adopting(first, makePiscina);

  function makePiscina(): Piscina {
    return new Piscina({
      filename: WORKER_ENTRY,
      name: WORKER_FUNCTION,
      minThreads: 1,
      maxThreads: maxThreads,
      idleTimeout: Number.POSITIVE_INFINITY,
      concurrentTasksPerWorker: TASKS_PER_THREAD,
      // 'sync' would park an idle thread in Atomics.wait, and with it the module's own timers.
      atomics: 'disabled',
      recordTiming: false,
      workerData: first.options,
      resourceLimits: first.limits,
      loadBalancer: (_task, workers) => choose(workers),
    });
  }

  const active = (): number => piscina.threads.length - beyond.size;

  function canTake({ stuck, ending, isSpare, open, tasks }: Thread): boolean {
    return !stuck && !ending && !isSpare && tasks.currentUsage < TASKS_PER_THREAD && open < concurrency;
  }

  /** The thread with the fewest tasks; none, so that a new one is started, when all have some and there may be more. */
  function choose(workers: readonly PiscinaWorker[]): PiscinaWorker | null {
    if (mustAdd) return null;
    let best: PiscinaWorker | null = null;
    let chosen: Thread | undefined;
    for (const worker of workers) {
      const thread = threads.get(worker.id) ?? enter(worker);
      if (thread === undefined || !canTake(thread)) continue;
      if (best !== null && worker.currentUsage >= best.currentUsage) continue;
      best = worker;
      chosen = thread;
    }
    if (best === null || (best.currentUsage > 0 && active() < maxThreads)) return null;
    if (chosen !== undefined) chosen.usedAt = performance.now();
    return best;
  }

  /**
   * What one thread has loaded, another one may fail to when the process has no descriptors left, and then the loader
   * says anything: so it ends, and the next one tries. Not for ever: the module may have been changed since.
   */
  function noteLoad(isLoaded: boolean): void {
    failures = isLoaded ? 0 : failures + 1;
    const hasLoaded = isLoaded || (workerData.hasLoaded === true && failures < MAX_FAILURES);
    if (hasLoaded !== (workerData.hasLoaded ?? false)) setWorkerData({ ...workerData, hasLoaded });
  }

  function setWorkerData(next: ThreadOptions): void {
    workerData = next;
    piscina.options.workerData = next;
  }

  function enter(tasks: PiscinaWorker): Thread | undefined {
    const worker = piscina.threads.find(({ threadId }) => threadId === tasks.id);
    return worker && follow(worker, tasks);
  }

  function follow(worker: Worker, tasks?: PiscinaWorker): Thread {
    const thread = createThread(worker, tasks);
    threads.set(thread.id, thread);
    // Before Piscina, which starts others in its place.
    worker.prependListener('error', (error) => {
      thread.cause = error;
      setFloor(thread);
    });
    worker.prependListener('exit', () => setFloor(thread));
    let isBroken = false;
    worker.on('message', (message) => {
      onMessage(thread, message);
      isBroken ||= message?.launchpool === 'broken';
      if (message?.launchpool === 'kind' && !isBroken) noteLoad(true);
    });
    worker.once('exit', () => {
      if (!thread.isLoaded && !thread.terminated) noteLoad(false);
      threads.delete(thread.id);
      thread.onGone();
      onGone(thread);
    });
    return thread;
  }

  /**
   * Piscina starts threads in the place of a dead one only up to minThreads. With tasks queued and every other thread
   * busy for long, nothing would take them: so one that dies is replaced, and one that is ended where one is missing.
   */
  function setFloor(thread: Thread): void {
    const isCounted = piscina.threads.includes(thread.worker);
    const others = piscina.threads.length - (isCounted ? 1 : 0);
    const wasBeyond = setBeyond(thread.worker, false);
    thread.ending = true;
    const isMissed = wasBeyond ? others - beyond.size < minThreads() || piscina.queueSize > 0 : isCounted;
    piscina.options.minThreads = others + (isMissed ? 1 : 0);
  }

  function setBeyond(worker: Worker, isBeyond: boolean): boolean {
    const changes = beyond.has(worker) !== isBeyond;
    if (isBeyond) beyond.add(worker);
    else beyond.delete(worker);
    piscina.options.maxThreads = maxThreads + beyond.size;
    return changes;
  }

  function retire(thread: Thread): void {
    if (!thread.ending && piscina.threads.includes(thread.worker)) setBeyond(thread.worker, true);
    thread.isSpare = false;
    thread.ending = true;
  }

  piscina.on('workerCreate', (tasks: PiscinaWorker) => {
    const thread = threads.get(tasks.id) ?? enter(tasks);
    if (thread === undefined) return;
    thread.tasks = tasks;
    thread.isReady = true;
    onReady(thread);
  });
  piscina.on('error', onStrayDeath);

  return {
    threads,
    get size() {
      return piscina.threads.length;
    },
    get hasEnding() {
      return beyond.size > 0;
    },
    get active() {
      return active();
    },
    get workerData() {
      return workerData;
    },
    set workerData(next) {
      setWorkerData(next);
    },
    run: (task) => piscina.run(task),
    canTake: (thread) => thread.isReady && canTake(thread),
    startSpare(workerData) {
      const before = new Set<Worker>(piscina.threads);
      // For a task that no thread takes, Piscina starts one; the task is taken back, and the thread has none.
      const taken = new AbortController();
      piscina.options.maxThreads = before.size + 1;
      // Whether that is a module to go on with is just what it is to find out.
      piscina.options.workerData = { ...workerData, loadAtOnce: true, hasLoaded: false } satisfies ThreadOptions;
      mustAdd = true;
      piscina.run(null, { signal: taken.signal }).catch(() => undefined);
      mustAdd = false;
      taken.abort();
      piscina.options.workerData = workerData;
      const worker = piscina.threads.find((one) => !before.has(one)) as Worker;
      setBeyond(worker, true);
      return Object.assign(follow(worker), { isSpare: true });
    },
    serve(spare) {
      spare.isSpare = false;
      setBeyond(spare.worker, false);
    },
    retire,
    retireAll() {
      for (const worker of piscina.threads) {
        // One that has not started yet has been told what the others were.
        const thread = threads.get(worker.threadId) ?? follow(worker);
        if (!thread.isSpare) retire(thread);
      }
    },
    giveUp(thread) {
      thread.isLost = true;
      thread.worker.emit('exit', 1);
    },
    destroy: () => piscina.destroy(),
  };
}
