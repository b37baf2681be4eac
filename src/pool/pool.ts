/** The worker threads: Piscina, which thread may take more, and what happens when one dies. Knows nothing of requests. */
import { Piscina } from 'piscina';
import { LaunchpoolError, type PlainError, toPlain } from '../../wire/errors.ts';
import { type Slot, slotsOf } from '../../workers/slot.ts';
import type { AgentKind, Aside, LongResult, LongTask, Task, ThreadMessage } from '../../workers/task.ts';
import { adopting, type FirstThread, TASKS_PER_THREAD } from './first-thread.ts';
import { createIdleThreads } from './idle-threads.ts';
import { WORKER_ENTRY, WORKER_FUNCTION } from './worker-entry.ts';

export type PoolOptions = {
  /** Runs already; what it has been told, the others are told too. */
  first: FirstThread;
  /** The most threads that run at once; the others start when there is work for them. */
  threads: number;
  /**
   * How many there are at least, once `fill` has been called.
   * @default 1
   */
  minThreads?: number;
  /**
   * How long a thread may have nothing to do before it is ended, if there are more, in milliseconds.
   * @default 10000
   */
  idleThreadMs?: number;
  /** Called with the files that a thread has loaded, when `reportFiles` is set. */
  onFiles?: (files: string[]) => void;
  /** Called when the module turns out not to be loadable. */
  onBroken?: (error: PlainError) => void;
  /** Called when a thread died outside of any task, as after an error in a timer of the module. */
  onStrayDeath?: (error: unknown) => void;
};

export type Pool = {
  /** The memory in which batches travel. */
  readonly slots: readonly Slot[];
  /** What the module turned out to be, once a thread has loaded it. */
  readonly kind: AgentKind | undefined;
  readonly threads: number;
  /** How many there may be. */
  readonly mostThreads: number;
  /** Starts as many threads as there shall be at least. */
  fill(): void;
  /** Whether a task would find a thread, or a place for a new one. */
  hasRoom(): boolean;
  /**
   * Hands a task to a thread.
   * @throws ERR_LAUNCHPOOL_THREAD_EXITED, when the thread is gone and no memory of the task is in use any more
   */
  run(task: number | null): Promise<number>;
  /**
   * Hands a long request to a thread.
   * @throws ERR_LAUNCHPOOL_THREAD_EXITED
   */
  runLong(task: LongTask): Promise<LongResult>;
  /** Says that a thread does not get on, or does again: it is given nothing meanwhile. */
  setStuck(thread: number, stuck: boolean): void;
  /** Says how many asynchronous requests a thread has open beyond its tasks. */
  addOpen(thread: number, requests: number): void;
  /** Sets who hears of outcomes that come by the side way, and of threads that are gone. */
  listen(listener: PoolListener): void;
  /** Ends all threads, whatever they are doing. */
  destroy(): Promise<void>;
};

export type PoolListener = {
  onAsides: (outcomes: readonly Aside[]) => void;
  onThreadGone: (thread: number, error: LaunchpoolError) => void;
  /** There is a new thread. */
  onRoom: () => void;
};

type PiscinaWorker = Parameters<
  NonNullable<NonNullable<ConstructorParameters<typeof Piscina>[0]>['loadBalancer']>
>[1][number];

/** What is known of a thread. */
type Thread = {
  worker: PiscinaWorker;
  stuck: boolean;
  open: number;
  /** When it has been given something last. */
  usedAt: number;
  /** It is given nothing any more. */
  ending: boolean;
  gone: Promise<void>;
};

export function createPool(options: PoolOptions): Pool {
  const { first, threads: most, minThreads: least = 1, idleThreadMs = 10_000 } = options;
  const { onFiles, onBroken, onStrayDeath } = options;
  const { memory, concurrency } = first.options;
  const slots = slotsOf(memory);
  const threads = new Map<number, Thread>();
  let kind: AgentKind | undefined;
  let listener: PoolListener | undefined;

  const piscina = adopting(first, makePiscina);

  function makePiscina(): Piscina {
    return new Piscina({
      filename: WORKER_ENTRY,
      name: WORKER_FUNCTION,
      minThreads: 1,
      maxThreads: most,
      idleTimeout: Number.POSITIVE_INFINITY,
      concurrentTasksPerWorker: TASKS_PER_THREAD,
      // 'sync' would park an idle thread in Atomics.wait, and with it the module's own timers.
      atomics: 'disabled',
      recordTiming: false,
      workerData: first.options,
      loadBalancer: (_task, workers) => choose(workers),
    });
  }

  function canTake(worker: PiscinaWorker): boolean {
    const known = threads.get(worker.id);
    if (known?.stuck || known?.ending) return false;
    return worker.currentUsage < TASKS_PER_THREAD && (known?.open ?? 0) < concurrency;
  }

  /** The thread with the fewest tasks; none, so that a new one is started, when all have some and there may be more. */
  function choose(workers: readonly PiscinaWorker[]): PiscinaWorker | null {
    let best: PiscinaWorker | null = null;
    for (const worker of workers) {
      if (canTake(worker) && (best === null || worker.currentUsage < best.currentUsage)) best = worker;
    }
    if (best === null || (best.currentUsage > 0 && piscina.threads.length < most)) return null;
    const known = threads.get(best.id);
    if (known !== undefined) known.usedAt = performance.now();
    return best;
  }

  const idleThreads = createIdleThreads<Thread>({
    idleMs: idleThreadMs,
    threads: () => threads.values(),
    surplus: () => [...threads.values()].filter(({ ending }) => !ending).length - least,
    isBusy: ({ worker, open, stuck }) => worker.currentUsage > 0 || open > 0 || stuck,
    end(thread) {
      if (thread.ending) return;
      thread.ending = true;
      // Piscina would start another one in its place.
      piscina.options.minThreads = Math.max(least, piscina.options.minThreads - 1);
      void workerOf(thread.worker.id)?.terminate();
    },
  });

  function workerOf(id: number): (typeof piscina.threads)[number] | undefined {
    return piscina.threads.find(({ threadId }) => threadId === id);
  }

  piscina.on('workerCreate', (worker: PiscinaWorker) => {
    const { promise: gone, resolve } = Promise.withResolvers<void>();
    const { id } = worker;
    threads.set(id, { worker, stuck: false, open: 0, usedAt: performance.now(), ending: false, gone });
    workerOf(id)?.once('exit', () => {
      threads.delete(id);
      resolve();
      listener?.onThreadGone(id, threadExited());
    });
    // Piscina replaces a dead thread only up to minThreads. With requests queued and every other thread busy for long,
    // nothing would take them, so the floor rises with the threads there are.
    piscina.options.minThreads = Math.max(piscina.options.minThreads, piscina.threads.length);
    idleThreads.watch();
    listener?.onRoom();
  });
  piscina.on('message', (message: ThreadMessage) => {
    switch (message?.launchpool) {
      case 'aside':
        return listener?.onAsides(message.outcomes);
      case 'kind':
        kind = message.kind;
        return;
      case 'broken':
        return onBroken?.(message.error);
      case 'files':
        return onFiles?.(message.files);
    }
  });
  piscina.on('error', (error) => onStrayDeath?.(error));

  async function run<Result>(task: Task): Promise<Result> {
    try {
      return await piscina.run(task);
    } catch (cause) {
      // An uncaught error is reported before its thread has ended; till then it may still write to the slot.
      const thread = typeof task === 'number' ? slots[task]?.thread : undefined;
      await (thread === undefined ? undefined : threads.get(thread)?.gone);
      throw threadExited(cause);
    }
  }

  return {
    slots,
    get kind() {
      return kind;
    },
    get threads() {
      return piscina.threads.length;
    },
    mostThreads: most,
    fill() {
      // A task for nothing but to load the module: where all have one, another thread is started.
      for (let tasks = 2 * most; tasks > 0 && piscina.threads.length < least; tasks -= 1) {
        piscina.run(null).catch(() => undefined);
      }
    },
    hasRoom() {
      if (piscina.threads.length < most) return true;
      for (const { worker } of threads.values()) if (canTake(worker)) return true;
      return false;
    },
    run,
    runLong: run,
    setStuck(thread, stuck) {
      const known = threads.get(thread);
      if (known !== undefined) known.stuck = stuck;
    },
    addOpen(thread, requests) {
      const known = threads.get(thread);
      if (known !== undefined) known.open += requests;
    },
    listen(to) {
      listener = to;
    },
    destroy: () => piscina.destroy(),
  };
}

function threadExited(cause?: unknown): LaunchpoolError {
  const why = cause === undefined ? '' : `: ${toPlain(cause).name}: ${toPlain(cause).message}`;
  return new LaunchpoolError(
    'ERR_LAUNCHPOOL_THREAD_EXITED',
    `the worker thread ended before the request was answered${why}`,
    { cause, hint: 'Did the handler call process.exit(), or leave a promise rejected?' },
  );
}
