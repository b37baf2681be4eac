/** What the pool is told, what it can be asked for, and what it says. Types only. */
import type { Worker } from 'node:worker_threads';
import type { LaunchpoolError, PlainError } from '../../wire/errors.ts';
import type { Slot } from '../../workers/slot.ts';
import type { AgentKind, LateReply, LongResult, LongTask, MainMessage } from '../../workers/task.ts';
import type { FirstThread } from './first-thread.ts';

export type PoolOptions = {
  /** Runs already; what it has been told, the others are told too. */
  first: FirstThread;
  /** The most threads that run at once; the others start when there is work for them. */
  threads: number;
  /**
   * How many there are at least, once `fill` has been called.
   * @default 1
   */
  minThreads?: number;
  /**
   * How long a thread may have nothing to do before it is ended, if there are more, in milliseconds.
   * @default 10000
   */
  idleThreadMs?: number;
  /** Called with the files that a thread has loaded, when `reportFiles` is set. */
  onFiles?: (files: string[]) => void;
  /** Called when the module turns out not to be loadable. */
  onBroken?: (error: PlainError) => void;
  /** Called when a thread died outside of any task, as after an error in a timer of the module. */
  onStrayDeath?: (error: unknown) => void;
  /**
   * After so many requests a thread is replaced, when it has finished what it has begun; 0 means never.
   * @default 0
   */
  recycleRequests?: number;
  /**
   * A thread whose heap is larger than this, in MiB, is replaced likewise; 0 means never.
   * @default 0
   */
  recycleMb?: number;
  /** Called when a thread stays because the one that was to take its place could not load the module. */
  onNotRenewed?: (error: unknown) => void;
  /**
   * How long a thread may take to end before it is given up, in milliseconds.
   * @default 5000
   */
  terminationTimeoutMs?: number;
  /**
   * How long a thread may have requests and begin none, without another request that keeps it from it, before it is
   * replaced, in milliseconds.
   * @default 60000
   */
  maxUnresponsiveMs?: number;
  /** Called when a thread is replaced for that. */
  onUnresponsive?: (error: LaunchpoolError) => void;
  /** Called when a thread has been given up, with how many have been. */
  onLost?: (lost: number) => void;
};

export type Pool = {
  /** The memory in which batches travel. */
  readonly slots: readonly Slot[];
  /** What the module turned out to be, once a thread has loaded it. */
  readonly kind: AgentKind | undefined;
  readonly threads: number;
  /** How many there may be. */
  readonly maxThreads: number;
  /** The threads there are now, for whoever wants to look at them. */
  readonly workers: readonly Worker[];
  /** How many threads have died or been replaced, for whatever reason. */
  readonly restarts: number;
  /** How many threads have been told to end, and have not. The process cannot end by itself then: Node waits for them. */
  readonly lost: number;
  /** Starts as many threads as there shall be at least. */
  fill(): void;
  /** Whether a task would find a thread, or a place for a new one. */
  hasRoom(): boolean;
  /**
   * Hands a task to a thread.
   * @throws ERR_LAUNCHPOOL_THREAD_EXITED, when the thread is gone and no memory of the task is in use any more
   */
  run(task: number | null): Promise<number>;
  /**
   * Hands a long request to a thread.
   * @throws ERR_LAUNCHPOOL_THREAD_EXITED
   */
  runLong(task: LongTask): Promise<LongResult>;
  /** Tells a thread that nobody wants the outcome of a request any more. */
  cancel(thread: number, message: MainMessage): void;
  /** Says that a thread does not get on, or does again: it is given nothing meanwhile. */
  setStuck(thread: number, stuck: boolean): void;
  /** Says how many asynchronous requests a thread has open beyond its tasks. */
  addOpen(thread: number, requests: number): void;
  /**
   * Gives a thread nothing more and ends it at once: what it has begun and not finished fails with this error. One that
   * does not end within five seconds, because it is in native code, is given up: taken for one that has ended.
   */
  replace(thread: number, why: LaunchpoolError): void;
  /** Whether a thread that has been given up may still write to that slot, so that it must not be used again. */
  isLost(slot: number): boolean;
  /**
   * Has all requests from now on answered by another module. What has been begun is finished by the old one.
   * @throws whatever the module has against it; nothing has changed then
   */
  reload(moduleUrl: string): Promise<void>;
  /** Sets who hears of outcomes that come by the side way, and of threads that are gone. */
  listen(listener: PoolListener): void;
  /** Ends all threads, whatever they are doing. */
  destroy(): Promise<void>;
  /** Does so where one of them is busy; resolves with whether all have ended in time, or will when the process does. */
  end(graceMs: number): Promise<boolean>;
};

export type PoolListener = {
  onLateReplies: (outcomes: readonly LateReply[]) => void;
  onThreadGone: (thread: number, error: LaunchpoolError) => void;
  /** There is a new thread. */
  onRoom: () => void;
};
