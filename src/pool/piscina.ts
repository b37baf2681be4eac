/**
 * Piscina, and everything that the pool relies on beyond Piscina's documentation (https://github.com/piscinajs/piscina,
 * src/index.ts, src/worker_pool):
 *
 * - Piscina constructs its workers with the `Worker` that it finds in node:worker_threads at that moment, and starts
 *   them with PISCINA_WORKER (worker-entry.ts): so a running worker can be adopted.
 * - `options.minThreads`, `options.maxThreads` and `options.workerData` are read again for each decision: so they can
 *   change at run time.
 * - `run()` starts a worker synchronously if the load balancer chooses none and there are fewer than `maxThreads`.
 * - A dead worker is replaced only while there are fewer than `minThreads`, and only if none has failed before its start.
 * - An 'exit' event on a worker makes Piscina forget it, although the worker runs on.
 */
import { createRequire } from 'node:module';
import type { Worker } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { Task, TaskResult, ThreadOptions } from '../../workers/task.ts';
import { type FirstThread, TASKS_PER_THREAD } from './first-thread.ts';
import { PISCINA_WORKER, WORKER_ENTRY, WORKER_FUNCTION } from './worker-entry.ts';

/** A worker as Piscina shows it to a load balancer. */
export type PiscinaWorker = Parameters<
  NonNullable<NonNullable<ConstructorParameters<typeof Piscina>[0]>['loadBalancer']>
>[1][number];

export type PiscinaAdapterOptions = {
  first: FirstThread;
  maxThreads: number;
  /** Chooses the worker for a task; null starts a new one if there are fewer than `maxThreads`. */
  choose: (workers: readonly PiscinaWorker[]) => PiscinaWorker | null;
  onStarted: (worker: PiscinaWorker) => void;
  /** A worker without tasks has died of an error. */
  onStrayDeath: (error: unknown) => void;
};

export type PiscinaAdapter = {
  /** The workers that Piscina counts. */
  readonly workers: readonly Worker[];
  /** How many tasks wait for a worker, beyond those that workers which are starting will take. */
  readonly queueSize: number;
  /** Piscina replaces a worker that dies while it has fewer than `threads`. */
  setMinThreads(threads: number): void;
  /** Piscina starts a worker for a task that none takes while it has fewer than `threads`. */
  setMaxThreads(threads: number): void;
  /** Sets the options of the workers that start from now on. */
  setWorkerData(workerData: ThreadOptions): void;
  run(task: Task): Promise<TaskResult>;
  /** Starts a worker that has no task, in addition to all others. Changes `maxThreads`. */
  startWorker(workerData: ThreadOptions): Worker;
  /** Makes Piscina, and all other listeners, take a running worker for one that has exited. */
  forget(worker: Worker): void;
  destroy(): Promise<void>;
};

export function createPiscinaAdapter(options: PiscinaAdapterOptions): PiscinaAdapter {
  const { first, maxThreads, choose, onStarted, onStrayDeath } = options;
  let mustStart = false;

  const piscina = adopting(
    first.worker,
    () =>
      new Piscina({
        filename: WORKER_ENTRY,
        name: WORKER_FUNCTION,
        minThreads: 1,
        maxThreads,
        idleTimeout: Number.POSITIVE_INFINITY,
        concurrentTasksPerWorker: TASKS_PER_THREAD,
        // 'sync' would block an idle thread in Atomics.wait, and with it the module's timers.
        atomics: 'disabled',
        recordTiming: false,
        workerData: first.options,
        resourceLimits: first.limits,
        loadBalancer: (_task, workers) => (mustStart ? null : choose(workers)),
      }),
  );
  const settings = piscina.options;
  piscina.on('workerCreate', onStarted);
  piscina.on('error', onStrayDeath);

  return {
    get workers() {
      return piscina.threads;
    },
    get queueSize() {
      return piscina.queueSize;
    },
    setMinThreads(threads) {
      settings.minThreads = threads;
    },
    setMaxThreads(threads) {
      settings.maxThreads = threads;
    },
    setWorkerData(workerData) {
      settings.workerData = workerData;
    },
    run: (task) => piscina.run(task),
    startWorker(workerData) {
      const before = new Set<Worker>(piscina.threads);
      const general = settings.workerData;
      // The task for which Piscina starts the worker is cancelled at once, so the worker has none.
      const cancelled = new AbortController();
      settings.maxThreads = before.size + 1;
      settings.workerData = workerData;
      mustStart = true;
      piscina.run(null, { signal: cancelled.signal }).catch(() => undefined);
      mustStart = false;
      cancelled.abort();
      settings.workerData = general;
      return piscina.threads.find((worker) => !before.has(worker)) as Worker;
    },
    forget: (worker) => void worker.emit('exit', 1),
    destroy: () => piscina.destroy(),
  };
}

/** Calls `make` so that the first worker that Piscina constructs in it is `worker`. */
export function adopting<Made>(worker: Worker, make: () => Made): Made {
  const threads = createRequire(import.meta.url)('node:worker_threads');
  const real = threads.Worker;
  threads.Worker = function adopt(...args: unknown[]): Worker {
    threads.Worker = real;
    return args[0] === PISCINA_WORKER ? worker : new real(...args);
  };
  try {
    return make();
  } finally {
    threads.Worker = real;
  }
}
