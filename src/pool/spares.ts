/** Threads that load the module before they are given anything: to take the place of others that serve meanwhile. */
import { fromPlain, type PlainError } from '../../wire/errors.ts';
import type { ThreadOptions } from '../../workers/task.ts';
import type { Thread } from './thread.ts';

/** A module that a thread has not loaded by then, in milliseconds, is not going to be. */
const LOAD_TIMEOUT_MS = 60_000;

export type SparesOptions = {
  start: (workerData: ThreadOptions) => Thread;
  end: (spare: Thread) => void;
};

export type Spares = {
  /**
   * Resolves when the thread has loaded the module.
   * @throws why it has not
   */
  start(workerData: ThreadOptions): Promise<Thread>;
  /** Says that a thread has loaded it; returns whether that is so: after a module that is broken, it says so too. */
  onLoaded(spare: Thread): boolean;
  onBroken(spare: Thread, error: PlainError): void;
  onGone(spare: Thread, error: Error): void;
};

export function createSpares({ start, end }: SparesOptions): Spares {
  const loading = new Map<Thread, PromiseWithResolvers<void>>();

  function fail(spare: Thread, error: Error): void {
    loading.get(spare)?.reject(error);
    loading.delete(spare);
  }

  return {
    async start(workerData) {
      const spare = start(workerData);
      const loaded = Promise.withResolvers<void>();
      loading.set(spare, loaded);
      const late = setTimeout(fail, LOAD_TIMEOUT_MS, spare, new Error('it has not been loaded after a minute'));
      try {
        await loaded.promise;
        return spare;
      } catch (error) {
        end(spare);
        throw error;
      } finally {
        clearTimeout(late);
      }
    },
    onLoaded(spare) {
      const isLoading = loading.has(spare);
      loading.get(spare)?.resolve();
      loading.delete(spare);
      return isLoading;
    },
    // It is this side's error: nobody has been called.
    onBroken: (spare, error) => fail(spare, Object.assign(fromPlain(error), { remote: false })),
    onGone: fail,
  };
}
