/** Terminates threads, at once or after their last open request, and gives up threads that do not end. */
import type { Thread } from './thread.ts';

/** `worker.terminate()` waits for native code, such as execSync() on a program that hangs. */
const TERMINATION_TIMEOUT_MS = 5_000;

export type Termination = {
  /** Terminates a retiring thread at once. One that has not started is terminated by `check` when it has. */
  terminate(thread: Thread): void;
  /** Terminates the retiring threads that have no tasks and no open requests, or could not load the module. */
  check(): void;
  /** Calls `check` in a later phase of this turn of the event loop, after the consequences of an outcome. */
  checkSoon(): void;
  /**
   * Ends all threads by `destroy` if any of them has tasks or open requests. Resolves with true when all have exited
   * within `graceMs`, or are idle: an idle thread exits with the process.
   */
  endAll(graceMs: number, destroy: () => Promise<void>): Promise<boolean>;
};

export type TerminationOptions = {
  threads: () => Iterable<Thread>;
  /** Called for a thread that has not ended in time. */
  onLost: (thread: Thread) => void;
  /**
   * Time that a thread may take to end, in milliseconds.
   * @default 5000
   */
  terminationTimeoutMs?: number | undefined;
};

export function createTermination({
  threads,
  onLost,
  terminationTimeoutMs = TERMINATION_TIMEOUT_MS,
}: TerminationOptions): Termination {
  let isCheckScheduled = false;

  function terminate(thread: Thread): void {
    // After one thread has ended before its start, Piscina no longer replaces dead threads.
    if (thread.state !== 'retiring' || !thread.hasStarted) return;
    thread.moveTo('terminating');
    const timer = setTimeout(onLost, terminationTimeoutMs, thread);
    timer.unref();
    void thread.ended.then(() => clearTimeout(timer));
    void thread.worker.terminate();
  }

  function check(): void {
    // One that could not load the module answers none of its requests.
    for (const thread of threads()) if (thread.isDone || thread.load === 'failed') terminate(thread);
  }

  return {
    terminate,
    check,
    checkSoon() {
      if (isCheckScheduled) return;
      isCheckScheduled = true;
      setImmediate(() => {
        isCheckScheduled = false;
        check();
      });
    },
    async endAll(graceMs, destroy) {
      if ([...threads()].every(({ isDone }) => isDone)) return true;
      const timeout = Promise.withResolvers<boolean>();
      const timer = setTimeout(timeout.resolve, graceMs, false);
      const inTime = await Promise.race([destroy().then(() => true), timeout.promise]);
      clearTimeout(timer);
      return inTime;
    },
  };
}
