/** Ends threads: when they have finished what they have begun, or at once; and gives up those that do not end. */
import { isDone, type Thread } from './thread.ts';

/**
 * How long a thread may take to end, in milliseconds. worker.terminate() waits for native code, such as execSync() on a
 * program that hangs.
 */
const MAX_TERMINATION_MS = 5_000;

export type Termination = {
  /** Ends it at once, whatever it is doing. */
  terminate(thread: Thread): void;
  /** Ends those of the threads that are ending and have nothing left to do. */
  check(): void;
  /** Looks when what follows from an outcome has been done. */
  checkSoon(): void;
  /** Ends all by `destroy`, if any is busy; resolves with whether they have ended in time, or will with the process. */
  endAll(graceMs: number, destroy: () => Promise<void>): Promise<boolean>;
};

export type TerminationOptions = {
  threads: () => Iterable<Thread>;
  /** Called for a thread that has not ended in time. */
  onLost: (thread: Thread) => void;
  terminationTimeoutMs?: number | undefined;
};

export function createTermination({
  threads,
  onLost,
  terminationTimeoutMs = MAX_TERMINATION_MS,
}: TerminationOptions): Termination {
  let isCheckScheduled = false;

  function terminate(thread: Thread): void {
    // Piscina starts no more threads in the place of dead ones once one has ended before it has started.
    if (thread.terminated || !thread.isReady) return;
    thread.terminated = true;
    const late = setTimeout(onLost, terminationTimeoutMs, thread);
    late.unref();
    void thread.gone.then(() => clearTimeout(late));
    void thread.worker.terminate();
  }

  function check(): void {
    for (const thread of threads()) if (thread.ending && isDone(thread)) terminate(thread);
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
      if ([...threads()].every(isDone)) return true;
      const late = Promise.withResolvers<boolean>();
      const timer = setTimeout(late.resolve, graceMs, false);
      const inTime = await Promise.race([destroy().then(() => true), late.promise]);
      clearTimeout(timer);
      return inTime;
    },
  };
}
