/** Threads that load the module before they take tasks, to replace threads that serve in the meantime. */
import { fromPlain, type PlainError } from '../../wire/errors.ts';
import { loadTimeout } from '../../wire/load-timeout.ts';
import type { ThreadOptions } from '../../workers/task.ts';
import type { Thread } from './thread.ts';

export type SparesOptions = {
  start: (workerData: ThreadOptions) => Thread;
  end: (spare: Thread) => void;
  /** Time that a spare may take to load the module, in milliseconds. */
  timeoutMs: number;
};

export type Spares = {
  /**
   * Resolves when the spare has loaded the module.
   * @param signal ends it while it loads.
   * @throws the error of the module, or of the thread's exit; ERR_LAUNCHPOOL_LOAD_TIMEOUT; the reason of the signal
   */
  start(workerData: ThreadOptions, signal?: AbortSignal): Promise<Thread>;
  onLoaded(spare: Thread): void;
  /** Returns whether the thread is a spare that was loading the module. */
  onBroken(spare: Thread, error: PlainError): boolean;
  onExited(spare: Thread, error: Error): void;
};

export function createSpares({ start, end, timeoutMs }: SparesOptions): Spares {
  const loading = new Map<Thread, PromiseWithResolvers<void>>();

  function fail(spare: Thread, error: Error): boolean {
    loading.get(spare)?.reject(error);
    return loading.delete(spare);
  }

  return {
    async start(workerData, signal) {
      signal?.throwIfAborted();
      const spare = start(workerData);
      const loaded = Promise.withResolvers<void>();
      loading.set(spare, loaded);
      const timer = setTimeout(fail, timeoutMs, spare, loadTimeout(timeoutMs));
      const abort = (): void => void fail(spare, signal?.reason);
      signal?.addEventListener('abort', abort);
      try {
        await loaded.promise;
        return spare;
      } catch (reason) {
        end(spare);
        throw reason;
      } finally {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
      }
    },
    onLoaded(spare) {
      loading.get(spare)?.resolve();
      loading.delete(spare);
    },
    // The error is one of this process: no other agent was called.
    onBroken: (spare, error) => fail(spare, Object.assign(fromPlain(error), { remote: false })),
    onExited: fail,
  };
}
