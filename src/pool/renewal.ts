/** Replaces threads that serve: one after another, and the new thread starts before the old one retires. */
import type { ModuleFacts } from '../../workers/task.ts';
import type { Thread } from './thread.ts';

/** Time after a failed replacement before the same thread's next one. */
const RETRY_MS = 30_000;

export type RenewalOptions = {
  /**
   * Resolves with a spare that has loaded the module.
   * @param moduleUrl a module other than that of the other threads.
   * @throws the error of the module
   */
  startSpare: (moduleUrl?: string) => Promise<Thread>;
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
   * Replaces all threads by threads with another module. After it resolves, no request goes to the old module.
   * @throws the error of the module; nothing has changed then
   */
  reload(moduleUrl: string): Promise<ModuleFacts>;
};

export function createRenewal({ startSpare, serve, retire, swap, onFailed }: RenewalOptions): Renewal {
  /** One spare at a time: there is never more than one thread beyond the maximum. */
  let last: Promise<unknown> = Promise.resolve();
  const renewing = new Set<Thread>();
  /** The earliest time of a thread's next replacement, on the clock of `performance`. */
  const retryAt = new WeakMap<Thread, number>();

  function inTurn<Result>(act: () => Promise<Result>): Promise<Result> {
    const done = last.then(act);
    last = done.catch(() => undefined);
    return done;
  }

  async function replace(thread: Thread): Promise<void> {
    if (thread.isEnding) return;
    const spare = await startSpare();
    retire(thread);
    serve(spare);
  }

  return {
    renew(thread) {
      if (thread.isEnding || renewing.has(thread) || performance.now() < (retryAt.get(thread) ?? 0)) return;
      renewing.add(thread);
      inTurn(() => replace(thread)).then(
        () => renewing.delete(thread),
        (error) => {
          renewing.delete(thread);
          retryAt.set(thread, performance.now() + RETRY_MS);
          onFailed(error);
        },
      );
    },
    reload: (moduleUrl) => inTurn(async () => swap(await startSpare(moduleUrl), moduleUrl)),
  };
}
