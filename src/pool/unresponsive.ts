/**
 * Ends threads that do not take what they are given. No request keeps them from it, whose time somebody else looks
 * after, but something else of the module's: a timer that never comes to an end, for instance.
 */
import type { Thread } from './thread.ts';

/** So often it looks within the time that a thread may be silent. */
const LOOKS = 8;

export type SilenceOptions = {
  /** How long a thread may be silent, in milliseconds. */
  longestMs: number;
  threads: () => Iterable<Thread>;
  /** Whether it has begun a request that has no outcome yet. */
  isInRequest: (thread: Thread) => boolean;
  onSilent: (thread: Thread) => void;
};

export type Silence = {
  /** Says that a thread has been given something. */
  watch(): void;
};

/** What changes whenever a thread is given something, or has finished something. */
type Sign = { since: number; usedAt: number; tasks: number };

export function createSilence({ longestMs, threads, isInRequest, onSilent }: SilenceOptions): Silence {
  const signs = new WeakMap<Thread, Sign>();
  let isWatching = false;

  function isSilent(thread: Thread): boolean {
    // Before its module is loaded, there is nothing that it could take anything with.
    return thread.isLoaded && !thread.terminated && thread.tasks.currentUsage > 0 && !isInRequest(thread);
  }

  function look(): void {
    isWatching = false;
    const now = performance.now();
    let isAnyAtWork = false;
    for (const thread of threads()) {
      const { usedAt } = thread;
      const tasks = thread.tasks.currentUsage;
      isAnyAtWork ||= tasks > 0;
      const last = signs.get(thread);
      if (!isSilent(thread)) signs.delete(thread);
      else if (last?.usedAt !== usedAt || last.tasks !== tasks) signs.set(thread, { since: now, usedAt, tasks });
      else if (now - last.since >= longestMs) onSilent(thread);
    }
    if (isAnyAtWork) watch();
  }

  function watch(): void {
    if (isWatching) return;
    isWatching = true;
    setTimeout(look, longestMs / LOOKS).unref();
  }

  return { watch };
}
