/** What the pool knows of one of its threads. */
import type { Worker } from 'node:worker_threads';
import type { Piscina } from 'piscina';
import type { LaunchpoolError } from '../../wire/errors.ts';

/** How Piscina shows a thread to whoever chooses one. */
export type PiscinaWorker = Parameters<
  NonNullable<NonNullable<ConstructorParameters<typeof Piscina>[0]>['loadBalancer']>
>[1][number];

export type Thread = {
  readonly id: number;
  readonly worker: Worker;
  /** How many tasks it has. */
  tasks: Pick<PiscinaWorker, 'currentUsage'>;
  /** It has started; Piscina may give it something earlier. */
  isReady: boolean;
  /** It has loaded the module, or found that it cannot be loaded. */
  isLoaded: boolean;
  /** It does not get on with what it has. */
  stuck: boolean;
  /** Asynchronous requests that it has open beyond its tasks. */
  open: number;
  /** When it has been given something last. */
  usedAt: number;
  /** It is given nothing yet: it is to take the place of another one. */
  isSpare: boolean;
  /** It is given nothing any more. */
  ending: boolean;
  /** It has been told to end at once. */
  terminated: boolean;
  /** It has not ended in time, and may do so at any moment, or never. */
  isLost: boolean;
  /** Why it is ended although that costs requests. */
  why: LaunchpoolError | undefined;
  /** What it has died of, if of an error. */
  cause: unknown;
  /** It goes because it had nothing to do. */
  idled: boolean;
  /** How many requests it has run; counted only where somebody wants to know. */
  requests: number;
  readonly gone: Promise<void>;
  /** Settles `gone`. */
  readonly onGone: () => void;
};

export function createThread(worker: Worker, tasks: Thread['tasks'] = { currentUsage: 0 }): Thread {
  const { promise: gone, resolve: onGone } = Promise.withResolvers<void>();
  return {
    id: worker.threadId,
    worker,
    tasks,
    isReady: false,
    isLoaded: false,
    stuck: false,
    open: 0,
    usedAt: performance.now(),
    isSpare: false,
    ending: false,
    terminated: false,
    isLost: false,
    why: undefined,
    cause: undefined,
    idled: false,
    requests: 0,
    gone,
    onGone,
  };
}

/** Whether nothing of it would be missed. */
export function isDone({ tasks, open, stuck }: Thread): boolean {
  return tasks.currentUsage === 0 && open === 0 && !stuck;
}
