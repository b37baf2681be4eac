/** Replaces threads that serve: one after another, and the new thread starts before the old one retires. */
import type { ModuleFacts } from '../../workers/task.ts';
import type { Thread } from './thread.ts';

/** Time after a failed replacement before the same thread's next one. */
const RETRY_MS = 30_000;

export type RenewalOptions = {
  /**
   * Resolves with a spare that has loaded the module.
   * @param moduleUrl a module other than that of the other threads.
   * @param signal ends the spare while it loads.
   * @throws the error of the module, or the reason of the signal
   */
  startSpare: (moduleUrl: string | undefined, signal: AbortSignal | undefined) => Promise<Thread>;
  /** Lets the spare take tasks; ends it if the threads are at their maximum without it. */
  serve: (spare: Thread) => void;
  /** Gives the thread no further task, and ends it after its last open request. */
  retire: (thread: Thread) => void;
  /** In one step: lets the spare take tasks, and retires all threads that have another module. */
  swap: (spare: Thread, moduleUrl: string) => ModuleFacts;
  /** Called when a thread stays because the spare failed. */
  onFailed: (error: unknown) => void;
};

export type Renewal = {
  /** Replaces a thread. */
  renew(thread: Thread): void;
  /**
   * Replaces all threads by threads with another module, and ends other replacements that are under way. After it
   * resolves, no request goes to the old module.
   * @param signal ends the attempt.
   * @throws the error of the module, or the reason of the signal; nothing has changed then
   */
  reload(moduleUrl: string, signal?: AbortSignal): Promise<ModuleFacts>;
};

export function createRenewal({ startSpare, serve, retire, swap, onFailed }: RenewalOptions): Renewal {
  /** One spare at a time: there is never more than one thread beyond the maximum. */
  let last: Promise<unknown> = Promise.resolve();
  const renewing = new Set<Thread>();
  /** A reload replaces all threads: it ends their replacements, which may take long to load the module. */
  let untilReload = new AbortController();
  /** The earliest time of a thread's next replacement, on the clock of `performance`. */
  const retryAt = new WeakMap<Thread, number>();

  function inTurn<Result>(act: () => Promise<Result>): Promise<Result> {
    const done = last.then(act);
    last = done.catch(() => undefined);
    return done;
  }

  async function replace(thread: Thread, signal: AbortSignal): Promise<void> {
    if (thread.isEnding) return;
    const spare = await startSpare(undefined, signal);
    retire(thread);
    serve(spare);
  }

  return {
    renew(thread) {
      if (thread.isEnding || renewing.has(thread) || performance.now() < (retryAt.get(thread) ?? 0)) return;
      renewing.add(thread);
      const { signal } = untilReload;
      inTurn(() => replace(thread, signal)).then(
        () => renewing.delete(thread),
        (error) => {
          renewing.delete(thread);
          if (signal.aborted) return;
          retryAt.set(thread, performance.now() + RETRY_MS);
          onFailed(error);
        },
      );
    },
    reload(moduleUrl, signal) {
      untilReload.abort();
      untilReload = new AbortController();
      return inTurn(async () => swap(await startSpare(moduleUrl, signal), moduleUrl));
    },
  };
}
