/** What runs and shall not: is told so, given some time to come to an end, and else loses its thread. */
import { LaunchpoolError } from '../../../wire/errors.ts';
import type { MainMessage } from '../../../workers/task.ts';
import type { Pool } from '../../pool/pool.ts';

export type Endings = {
  /** Tells the thread. @param isOpen whether the request still has no outcome. */
  begin(thread: number, message: MainMessage, isOpen: () => boolean): void;
  /** Replaces the threads of those that had enough time; `now` is on the clock of `performance`. */
  look(now: number): void;
  readonly areUnderWay: boolean;
};

type Ending = { thread: number; isOpen: () => boolean; until: number };

export function createEndings(pool: Pick<Pool, 'cancel' | 'replace'>, graceMs: number): Endings {
  let endings: Ending[] = [];

  return {
    begin(thread, message, isOpen) {
      pool.cancel(thread, message);
      endings.push({ thread, isOpen, until: performance.now() + graceMs });
    },
    look(now) {
      const open = endings.filter(({ isOpen }) => isOpen());
      const late = new Set(open.filter(({ until }) => now >= until).map(({ thread }) => thread));
      endings = open.filter(({ thread }) => !late.has(thread));
      const why = new LaunchpoolError(
        'ERR_LAUNCHPOOL_THREAD_EXITED',
        'a request on the same thread went on after it had been cancelled, and its thread was replaced',
        { hint: 'A handler that heeds requestSignal() keeps its thread.' },
      );
      for (const thread of late) pool.replace(thread, why);
    },
    get areUnderWay() {
      return endings.length > 0;
    },
  };
}
