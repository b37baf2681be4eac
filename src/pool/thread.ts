/** The pool's record of one worker thread. */
import type { Worker } from 'node:worker_threads';
import type { LaunchpoolError, PlainError } from '../../wire/errors.ts';
import { isFull, type ReplyAccount } from '../../workers/reply-account.ts';
import type { Snapshot } from '../../workers/snapshot.ts';
import type { ModuleFacts } from '../../workers/task.ts';
import type { PiscinaWorker } from './piscina.ts';
import { assertTransition, type ThreadState } from './thread-state.ts';

export type LoadState =
  /** It has not loaded the module yet. It begins with its first task, a spare at once. */
  | 'pending'
  | 'loaded'
  /** It could not load the module, and answers no request. */
  | 'failed'
  /** It could not load the module, and answers its requests with the error. */
  | 'broken';

/** A thread without tasks, until Piscina reports it. */
const UNUSED = { currentUsage: 0 };

export class Thread {
  readonly id: number;
  readonly worker: Worker;
  /** Where Piscina counts the thread's tasks. */
  usage: Pick<PiscinaWorker, 'currentUsage'>;
  /** Piscina has reported its start. Piscina may give it a task before that. */
  hasStarted = false;
  load: LoadState = 'pending';
  /** What its module offers, once it is imported. */
  facts: ModuleFacts | undefined = undefined;
  /** What it has loaded beyond the snapshot that it was given, if it reports that. */
  snapshot: Snapshot | undefined = undefined;
  /** Why it could not load the module. */
  loadError: PlainError | undefined = undefined;
  /** Whether it took too long to load the module, and may not react to messages. */
  isHung = false;
  /** Asynchronous requests that are open beyond the thread's tasks. */
  openRequests = 0;
  /** How many of these are orphans: see src/dispatch/cancel/orphans.ts. */
  orphans = 0;
  /** The account of its late replies, once it has loaded. */
  account: ReplyAccount | undefined = undefined;
  /** Whether so many replies wait in it that it begins no request, as of the last `updateFull()`. */
  isFull = false;
  /** Whether its module has a `teardown` that has not started. */
  tearsDown = false;
  /** Resolves when its `teardown` has ended; set once that has started. */
  tornDown: PromiseWithResolvers<void> | undefined = undefined;
  /** Requests that it has run. Counted only if the pool recycles threads by their requests. */
  requests = 0;
  /** Time of its last task, on the clock of `performance`. */
  usedAt: number = performance.now();
  /** Why the pool ends it: it was idle, or the error for its open requests. Undefined for any other reason. */
  endReason: 'idle' | LaunchpoolError | undefined = undefined;
  /** The uncaught error that it died of. */
  error: unknown = undefined;
  /** Resolves when the thread has exited or is lost. */
  readonly ended: Promise<void>;

  #state: ThreadState;
  readonly #resolveEnded: () => void;

  constructor(worker: Worker, state: 'spare' | 'serving', usage: Thread['usage'] = UNUSED) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.id = worker.threadId;
    this.worker = worker;
    this.usage = usage;
    this.ended = promise;
    this.#state = state;
    this.#resolveEnded = resolve;
  }

  get state(): ThreadState {
    return this.#state;
  }

  /** How many tasks it has. */
  get tasks(): number {
    return this.usage.currentUsage;
  }

  /** Whether it serves, with or without progress. */
  get isActive(): boolean {
    return this.#state === 'serving' || this.#state === 'stalled';
  }

  /** Whether it retires or comes later in its life. */
  get isEnding(): boolean {
    return this.#state !== 'spare' && !this.isActive;
  }

  /** Whether its end would cost no request. */
  get isDone(): boolean {
    return this.tasks === 0 && this.openRequests <= this.orphans;
  }

  /** Piscina's choice of a thread follows soon, and must not see another value than the decision that there is room. */
  updateFull(): void {
    this.isFull = this.account !== undefined && isFull(this.account);
  }

  /** @throws Error when the transition is not in the table of thread-state.ts */
  moveTo(next: ThreadState): void {
    assertTransition(this.#state, next);
    this.#state = next;
    if (next === 'exited' || next === 'lost') this.#resolveEnded();
  }

  /** Has no effect unless the thread serves. */
  setStalled(isStalled: boolean): void {
    if (this.#state === (isStalled ? 'serving' : 'stalled')) this.moveTo(isStalled ? 'stalled' : 'serving');
  }
}
