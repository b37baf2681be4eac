/**
 * The first worker thread. It starts before the rest of the agent is loaded: while it boots on another processor, the
 * main thread loads the agent, checks in and listens.
 */
import { type ResourceLimits, Worker } from 'node:worker_threads';
import { SLOT_BYTES } from '../../workers/slot.ts';
import type { ThreadOptions } from '../../workers/task.ts';
import { PISCINA_WORKER } from './worker-entry.ts';

/** The second task waits in the thread's port while the first one runs, so that the thread never waits between tasks. */
export const TASKS_PER_THREAD = 2;
/** Per thread: a slot for each task, as many that are being filled, and as many whose replies are being written. */
const SLOTS_PER_THREAD = 3 * TASKS_PER_THREAD;

/** The options of a thread without the memory. */
export type FirstThreadOptions = Omit<ThreadOptions, 'memory'>;

export type FirstThread = {
  worker: Worker;
  /** The memory limits of all threads. */
  limits: ResourceLimits | undefined;
  /** The options of all threads. */
  options: ThreadOptions;
};

/**
 * Must be called after the supervisor's variables are removed from the environment, because a thread copies it.
 * @param threads the maximum of threads in the pool.
 * @param booting a worker that already runs and waits for its options.
 * @param limits the memory limits of each thread; `booting` must have been started with them.
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
