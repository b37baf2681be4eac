/** What runs and shall not: is told so, given some time to come to an end, and else loses its thread. */
import { LaunchpoolError } from '../../../wire/errors.ts';
import type { MainMessage } from '../../../workers/task.ts';
import type { Pool } from '../../pool/pool.ts';

export type GracePeriods = {
  /** Tells the thread. @param isOpen whether the request still has no outcome. */
  start(thread: number, message: MainMessage, isOpen: () => boolean): void;
  /** Replaces the threads of those that had enough time; `now` is on the clock of `performance`. */
  check(now: number): void;
  readonly areRunning: boolean;
};

type GracePeriod = { thread: number; isOpen: () => boolean; until: number };

export function createGracePeriods(pool: Pick<Pool, 'cancel' | 'replace'>, graceMs: number): GracePeriods {
  let gracePeriods: GracePeriod[] = [];

  return {
    start(thread, message, isOpen) {
      pool.cancel(thread, message);
      gracePeriods.push({ thread, isOpen, until: performance.now() + graceMs });
    },
    check(now) {
      const open = gracePeriods.filter(({ isOpen }) => isOpen());
      const late = new Set(open.filter(({ until }) => now >= until).map(({ thread }) => thread));
      gracePeriods = open.filter(({ thread }) => !late.has(thread));
      const why = new LaunchpoolError(
        'ERR_LAUNCHPOOL_THREAD_EXITED',
        'a request on the same thread went on after it had been cancelled, and its thread was replaced',
        { hint: 'A handler that heeds requestSignal() keeps its thread.' },
      );
      for (const thread of late) pool.replace(thread, why);
    },
    get areRunning() {
      return gracePeriods.length > 0;
    },
  };
}
