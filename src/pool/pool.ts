/** The worker threads: Piscina, and what happens when one of them dies. Knows nothing of connections. */
import { Piscina } from 'piscina';
import { LaunchpoolError, toPlain } from '../../wire/errors.ts';
import type { AgentKind, Outcome, Task, ThreadMessage, ThreadOptions } from '../../workers/task.ts';
import { WORKER_ENTRY, WORKER_FUNCTION } from './worker-entry.ts';

export type PoolOptions = ThreadOptions & {
  /** The most threads that run at once; the first stands from the start, the others when requests wait. */
  threads: number;
  /** Called with the files that a thread has loaded, when `reportFiles` is set. */
  onFiles?: (files: string[]) => void;
  /** Called when a thread died outside of any request, as after an error in a timer of the module. */
  onStrayDeath?: (error: unknown) => void;
};

/** The thread died under the request. What is owed to whom, the dispatcher finds out. */
export type Lost = { kind: 'lost'; error: LaunchpoolError };

export type Pool = {
  /** Runs one request on some thread, waiting for a free one. Without a request, only loads the module. Never rejects. */
  run(request?: Uint8Array): Promise<Outcome | Lost>;
  /** What the module turned out to be, once a thread has loaded it. */
  readonly kind: AgentKind | undefined;
  readonly threads: number;
  /** Ends all threads, whatever they are doing. */
  destroy(): Promise<void>;
};

export function createPool({ threads, onFiles, onStrayDeath, ...threadOptions }: PoolOptions): Pool {
  let kind: AgentKind | undefined;
  const piscina = new Piscina({
    filename: WORKER_ENTRY,
    name: WORKER_FUNCTION,
    minThreads: 1,
    maxThreads: threads,
    idleTimeout: Number.POSITIVE_INFINITY,
    // 'sync' would park an idle thread in Atomics.wait, and with it the module's own timers.
    atomics: 'disabled',
    recordTiming: false,
    workerData: threadOptions,
  });
  // Piscina replaces a dead thread only up to minThreads. With requests queued and every other thread busy for long,
  // nothing would take them, so the floor rises with the threads there are.
  piscina.on('workerCreate', () => {
    piscina.options.minThreads = Math.max(piscina.options.minThreads, piscina.threads.length);
  });
  piscina.on('message', (message: ThreadMessage) => {
    if (message?.launchpool === 'files') onFiles?.(message.files);
    if (message?.launchpool === 'kind') kind = message.kind;
  });
  piscina.on('error', (error) => onStrayDeath?.(error));

  return {
    async run(request) {
      try {
        const transferList = request === undefined ? [] : [request.buffer];
        return await piscina.run({ request } as Task, { transferList } as never);
      } catch (cause) {
        const { name, message } = toPlain(cause);
        const error = new LaunchpoolError(
          'ERR_LAUNCHPOOL_THREAD_EXITED',
          `the worker thread ended before the request was answered: ${name}: ${message}`,
          { cause, hint: 'Did the handler call process.exit(), or leave a promise rejected?' },
        );
        return { kind: 'lost', error };
      }
    },
    get kind() {
      return kind;
    },
    get threads() {
      return piscina.threads.length;
    },
    destroy: () => piscina.destroy(),
  };
}
