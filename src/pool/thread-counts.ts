/**
 * How many threads Piscina may have, and how many it keeps. The pool's limit counts the threads that take tasks; Piscina
 * counts all. So Piscina's limits follow the threads that take none: spares, and those that end.
 */
import type { Worker } from 'node:worker_threads';
import type { PiscinaAdapter } from './piscina.ts';
import type { Thread } from './thread.ts';

export type ThreadCountsOptions = {
  piscina: Pick<PiscinaAdapter, 'workers' | 'queueSize' | 'setMinThreads' | 'setMaxThreads'>;
  /** The maximum of threads that take tasks. */
  maxThreads: number;
  /** The minimum of them, at this moment. */
  minThreads: () => number;
  /** Whether a thread may start in place of one that has died. */
  mayStart: () => boolean;
};

export type ThreadCounts = {
  /** How many threads take tasks, or will when they have started. */
  readonly active: number;
  /** Whether Piscina counts threads that take no tasks. */
  readonly hasInactive: boolean;
  /** Whether Piscina counts the thread. */
  isCounted(worker: Worker): boolean;
  activate(worker: Worker): void;
  deactivate(worker: Worker): void;
  /** Decides whether Piscina replaces a thread that dies now. Must run before Piscina handles its death. */
  onDeath(thread: Thread): void;
};

export function createThreadCounts({ piscina, maxThreads, minThreads, mayStart }: ThreadCountsOptions): ThreadCounts {
  /** The threads that Piscina counts and that take no tasks. */
  const inactive = new Set<Worker>();

  const isCounted = (worker: Worker): boolean => piscina.workers.includes(worker);
  const setMaxThreads = (): void => piscina.setMaxThreads(maxThreads + inactive.size);

  function activate(worker: Worker): void {
    inactive.delete(worker);
    setMaxThreads();
  }

  return {
    get active() {
      return piscina.workers.length - inactive.size;
    },
    get hasInactive() {
      return inactive.size > 0;
    },
    isCounted,
    activate,
    deactivate(worker) {
      inactive.add(worker);
      setMaxThreads();
    },
    /**
     * Piscina replaces a dead thread only up to its minimum. Without a replacement, queued tasks would wait for as long
     * as all other threads are busy. So a thread that took tasks is always replaced, and another one if it is missed; not
     * while a failed load delays the next one: then they wait for the other threads, or for the end of the pause.
     */
    onDeath({ worker }) {
      const wasCounted = isCounted(worker);
      const others = piscina.workers.length - (wasCounted ? 1 : 0);
      const wasInactive = inactive.has(worker);
      activate(worker);
      const isMissed = wasInactive ? others - inactive.size < minThreads() || piscina.queueSize > 0 : wasCounted;
      piscina.setMinThreads(others + (isMissed && mayStart() ? 1 : 0));
    },
  };
}
