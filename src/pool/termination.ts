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
   * @param tearDownMs how long the `teardown` of idle threads may take before that, in milliseconds.
   */
  endAll(graceMs: number, destroy: () => Promise<void>, tearDownMs: number): Promise<boolean>;
};

export type TerminationOptions = {
  threads: () => Iterable<Thread>;
  /** Called for a thread that has not ended in time. */
  onLost: (thread: Thread) => void;
  /** Asks a thread to run the module's `teardown`. */
  askTearDown: (thread: Thread) => void;
  /** How long that may take, in milliseconds. */
  tearDownMs: number;
  /**
   * Time that a thread may take to end, in milliseconds.
   * @default 5000
   */
  terminationTimeoutMs?: number | undefined;
};

export function createTermination({
  threads,
  onLost,
  askTearDown,
  tearDownMs,
  terminationTimeoutMs = TERMINATION_TIMEOUT_MS,
}: TerminationOptions): Termination {
  let isCheckScheduled = false;

  function terminate(thread: Thread): void {
    // After one thread has ended before its start, Piscina no longer replaces dead threads.
    if (thread.state !== 'retiring' || !thread.hasStarted) return;
    if (thread.tearsDown && thread.isDone) {
      void tearDown(thread, tearDownMs).then(() => terminate(thread));
      return;
    }
    thread.moveTo('terminating');
    const timer = setTimeout(onLost, terminationTimeoutMs, thread);
    timer.unref();
    void thread.ended.then(() => clearTimeout(timer));
    void thread.worker.terminate();
  }

  /** Resolves when the `teardown` of a thread has ended, or its time is over. */
  async function tearDown(thread: Thread, ms: number): Promise<void> {
    thread.tearsDown = false;
    const tornDown = Promise.withResolvers<void>();
    thread.tornDown = tornDown;
    askTearDown(thread);
    const timer = setTimeout(tornDown.resolve, ms);
    void thread.ended.then(tornDown.resolve);
    await tornDown.promise;
    clearTimeout(timer);
    thread.tornDown = undefined;
  }

  function check(): void {
    // One that could not load the module answers none of its requests.
    for (const thread of threads())
      if ((thread.isDone && thread.tornDown === undefined) || thread.load === 'failed') terminate(thread);
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
    async endAll(graceMs, destroy, endMs) {
      const idle = [...threads()].filter(({ isDone, tearsDown }) => isDone && tearsDown);
      await Promise.all(idle.map((thread) => tearDown(thread, endMs)));
      if ([...threads()].every(({ isDone }) => isDone)) return true;
      const timeout = Promise.withResolvers<boolean>();
      const timer = setTimeout(timeout.resolve, graceMs, false);
      const inTime = await Promise.race([destroy().then(() => true), timeout.promise]);
      clearTimeout(timer);
      return inTime;
    },
  };
}
