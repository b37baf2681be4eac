/**
 * The first thread, started before anything else is loaded: while it boots, on another processor, the agent loads the
 * rest of itself, checks in and listens.
 */
import { createRequire } from 'node:module';
import { type ResourceLimits, Worker } from 'node:worker_threads';
import { SLOT_BYTES } from '../../workers/slot.ts';
import type { ThreadOptions } from '../../workers/task.ts';
import { PISCINA_WORKER } from './worker-entry.ts';

/** The second task waits in the thread's port while the first one runs, so that there is no gap between them. */
export const TASKS_PER_THREAD = 2;
/** For each thread: the tasks it has, as many that are being filled meanwhile, and as many that are being written from. */
const SLOTS_PER_THREAD = 3 * TASKS_PER_THREAD;

/** What a thread is told, but for the memory. */
export type FirstThreadOptions = Omit<ThreadOptions, 'memory'>;

export type FirstThread = {
  worker: Worker;
  /** What all threads may have of memory at the most. */
  limits: ResourceLimits | undefined;
  /** What all threads are told. */
  options: ThreadOptions;
};

/**
 * Must not be called before the supervisor's variables are out of the environment: a thread has a copy of it.
 * @param threads the most threads that there will be.
 * @param booting a worker that has been started already, and waits to be told the options.
 * @param limits what each thread may have of memory at the most; `booting` has been started with these.
 */
export function startFirstThread(
  options: FirstThreadOptions,
  threads: number,
  booting: Worker | undefined,
  limits?: ResourceLimits | undefined,
): FirstThread {
  const memory = new SharedArrayBuffer(threads * SLOTS_PER_THREAD * SLOT_BYTES);
  const workerData: ThreadOptions = { ...options, memory };
  booting?.postMessage(workerData);
  const worker = booting ?? new Worker(PISCINA_WORKER, { workerData, ...(limits && { resourceLimits: limits }) });
  return { worker, limits, options: workerData };
}

/**
 * Calls `make`, in which the next worker that Piscina makes is the first thread. Piscina takes no worker from anybody:
 * it calls the constructor that it finds in node:worker_threads, so for that moment another one stands there.
 */
export function adopting<Made>({ worker }: FirstThread, make: () => Made): Made {
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
