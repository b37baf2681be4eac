/** Threads that load the module before they take tasks, to replace threads that serve in the meantime. */
import { fromPlain, type PlainError } from '../../wire/errors.ts';
import type { ThreadOptions } from '../../workers/task.ts';
import type { Thread } from './thread.ts';

/** Time that a spare may take to load the module. */
const LOAD_TIMEOUT_MS = 60_000;

export type SparesOptions = {
  start: (workerData: ThreadOptions) => Thread;
  end: (spare: Thread) => void;
};

export type Spares = {
  /**
   * Resolves when the spare has loaded the module.
   * @throws the error of the module, or of the thread's exit; Error after a minute
   */
  start(workerData: ThreadOptions): Promise<Thread>;
  /** The spare reports the kind of its module. Returns whether it has loaded it: a broken module reports a kind too. */
  onLoaded(spare: Thread): boolean;
  /** Returns whether the thread is a spare that was loading the module. */
  onBroken(spare: Thread, error: PlainError): boolean;
  onExited(spare: Thread, error: Error): void;
};

export function createSpares({ start, end }: SparesOptions): Spares {
  const loading = new Map<Thread, PromiseWithResolvers<void>>();

  function fail(spare: Thread, error: Error): boolean {
    loading.get(spare)?.reject(error);
    return loading.delete(spare);
  }

  return {
    async start(workerData) {
      const spare = start(workerData);
      const loaded = Promise.withResolvers<void>();
      loading.set(spare, loaded);
      const error = new Error(`the module was not loaded within ${LOAD_TIMEOUT_MS / 1000} s`);
      const timer = setTimeout(fail, LOAD_TIMEOUT_MS, spare, error);
      try {
        await loaded.promise;
        return spare;
      } catch (reason) {
        end(spare);
        throw reason;
      } finally {
        clearTimeout(timer);
      }
    },
    onLoaded(spare) {
      const isLoading = loading.has(spare);
      loading.get(spare)?.resolve();
      loading.delete(spare);
      return isLoading;
    },
    // The error is one of this process: no other agent was called.
    onBroken: (spare, error) => fail(spare, Object.assign(fromPlain(error), { remote: false })),
    onExited: fail,
  };
}
