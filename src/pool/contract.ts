/** The options, the operations and the events of a pool. Types only. */

import type { Worker } from 'node:worker_threads';
import type { LaunchpoolError, PlainError } from '../../wire/errors.ts';
import type { FileReport } from '../../wire/file-report.ts';
import type { LogMessage } from '../../workers/log-lines.ts';
import type { Slot } from '../../workers/slot.ts';
import type {
  AgentKind,
  CancelMessage,
  InspectorMessage,
  ItemsMessage,
  LateReply,
  LongResults,
  LongTask,
  ModuleFacts,
} from '../../workers/task.ts';
import type { FirstThread } from './first-thread.ts';

export type PoolOptions = {
  /** A thread that already runs. The other threads have the same options. */
  first: FirstThread;
  /** The maximum of threads. Threads other than the first start when there is work for them. */
  threads: number;
  /**
   * The minimum of threads, from the call of `fill` on.
   * @default 1
   */
  minThreads?: number;
  /**
   * Time without work after which a thread above the minimum ends, in milliseconds.
   * @default 10000
   */
  idleThreadMs?: number;
  /** Called with the files of a thread, if `reportFiles` is set. */
  onFiles?: (report: FileReport) => void;
  /**
   * Time that a thread may take to load the module, its `setup` included, in milliseconds.
   * @default 60000
   */
  loadTimeoutMs?: number;
  /** Called for each thread that has imported a module: that of the pool, or that of a reload. */
  onImported?: (facts: ModuleFacts, moduleUrl: string) => void;
  /** Called when no thread can load the module, perhaps repeatedly. */
  onBroken?: (error: PlainError) => void;
  /** Called when a thread cannot load the module, and others serve. */
  onNotLoaded?: (error: PlainError) => void;
  /** Called when a debugger can attach to a thread, if `inspect` is set. */
  onInspector?: (inspector: InspectorMessage) => void;
  /** Called with each line that the module writes to the log. */
  onLog?: (line: LogMessage) => void;
  /** Called when the module's `teardown` has thrown. */
  onTeardownFailed?: (error: PlainError) => void;
  /** Called when a thread has died of an error outside of any task, for instance in a timer of the module. */
  onStrayDeath?: (error: unknown) => void;
  /**
   * Number of requests after which a thread is replaced, once it has completed its open requests; 0 means never.
   * @default 0
   */
  recycleRequests?: number;
  /**
   * Heap size, in MiB, above which a thread is replaced, once it has completed its open requests; 0 means never.
   * @default 0
   */
  recycleMb?: number;
  /** Called when a thread stays because its replacement could not load the module. */
  onNotRenewed?: (error: unknown) => void;
  /**
   * Time that a thread may take to end before it counts as lost, in milliseconds.
   * @default 5000
   */
  terminationTimeoutMs?: number;
  /**
   * Time that a thread may have tasks without beginning a request of them, while no other request keeps it busy, before
   * it is replaced, in milliseconds.
   * @default 60000
   */
  maxUnresponsiveMs?: number;
  /** Called when a thread is replaced because it is unresponsive. */
  onUnresponsive?: (error: LaunchpoolError) => void;
  /** Called when a thread retires because of its orphans, with their number. */
  onRetired?: (thread: number, orphans: number) => void;
  /** Called when a retired thread is ended although this number of other requests is open. */
  onRetirementOver?: (thread: number, others: number) => void;
  /**
   * Time that a thread with many orphans may take to complete its other requests, in milliseconds.
   * @default 10000
   */
  drainMs?: number;
  /** Called when a thread is lost, with the number of lost threads. */
  onLost?: (lost: number) => void;
};

export type Pool = {
  /** The shared memory of the batches. */
  readonly slots: readonly Slot[];
  /** The kind of the module; undefined until it is known. */
  readonly kind: AgentKind | undefined;
  /** Resolves when the kind is known, or the first thread could not import the module. */
  readonly kindKnown: Promise<void>;
  /** Whether a thread has loaded the module, and the module is not broken since. */
  readonly hasLoaded: boolean;
  /** Whether a thread that has tasks is loading the module. */
  readonly isLoading: boolean;
  readonly threads: number;
  /** The maximum of threads. */
  readonly maxThreads: number;
  /** The present threads, for measurements. */
  readonly workers: readonly Worker[];
  /** How many threads have died or have been replaced, for any reason. */
  readonly restarts: number;
  /** How many threads are lost. With a lost thread the process cannot exit by itself: Node waits for it. */
  readonly lost: number;
  /** Starts threads up to the minimum. */
  fill(): void;
  /** Whether a thread can take a task now, or a new thread can start. */
  hasRoom(): boolean;
  /** Whether a thread that has as many open requests as it may have can take a task with extra places. */
  hasExtraRoom(): boolean;
  /**
   * Runs a task on a thread. Resolves with the time of a batch in microseconds.
   * @throws ERR_LAUNCHPOOL_THREAD_EXITED, after the thread has exited and no longer uses the memory of the task
   */
  run(task: number | null, isExtra?: boolean): Promise<number>;
  /**
   * Runs long requests on a thread, one after another.
   * @throws ERR_LAUNCHPOOL_THREAD_EXITED
   */
  runLong(tasks: readonly LongTask[], isExtra?: boolean): Promise<LongResults>;
  /** Hands values of a parameter to the thread of their request. */
  passItems(thread: number, message: ItemsMessage): void;
  /** Informs a thread that a request is cancelled. Resolves when the event loop of the thread has taken the message. */
  cancel(thread: number, message: CancelMessage): Promise<void>;
  /** Resolves when the event loop of the thread has taken a message that asks for nothing else. */
  probe(thread: number): Promise<void>;
  /** Reports whether a thread makes no progress. It takes no tasks until it makes progress again. */
  setStuck(thread: number, stuck: boolean): void;
  /** Adds to the number of asynchronous requests that a thread has open beyond its tasks. */
  addOpen(thread: number, requests: number): void;
  /** Gives a thread credit back for further late replies. */
  giveCredit(thread: number, units: number): void;
  /**
   * Adds to the number of orphans among these: the thread does not wait for them when it ends. With as many as half of
   * `concurrency`, it retires: another thread takes its place.
   */
  addOrphans(thread: number, requests: number): void;
  /**
   * Ends a thread at once; its open requests fail with this error. A thread that does not end within
   * `terminationTimeoutMs`, because it is in native code, is lost: it counts as exited.
   */
  replace(thread: number, why: LaunchpoolError): void;
  /** Whether a lost thread may still write to that slot, so that it must not be used again. */
  isLost(slot: number): boolean;
  /**
   * Lets another module answer all requests from now on. The old module completes the requests that it has started.
   * Repairs a broken module too.
   * @param signal ends the attempt while the module loads.
   * @throws the error of the module, or the reason of the signal; nothing has changed then
   */
  reload(moduleUrl: string, signal?: AbortSignal): Promise<ModuleFacts>;
  /** Sets the only listener. */
  listen(listener: PoolListener): void;
  /** Ends all threads at once. */
  destroy(): Promise<void>;
  /**
   * Ends all threads at once if any of them has tasks or open requests. Resolves with true when all have exited within
   * `graceMs`, or are idle: an idle thread exits with the process.
   * @param tearDownMs how long the module's `teardown` may take on idle threads before that, in milliseconds. @default 0
   */
  end(graceMs: number, tearDownMs?: number): Promise<boolean>;
};

/** The credit that late replies of a thread have taken: workers/reply-account.ts. */
export type Credit = { thread: number; units: number };

export type PoolListener = {
  /** Requests have outcomes that do not stand in a slot. The credit is to be given back. */
  onLateReplies: (outcomes: readonly LateReply[], credit: Credit) => void;
  /** A thread has exited, or is lost; its open requests fail with this error. */
  onThreadGone: (thread: number, error: LaunchpoolError) => void;
  /** Another thread takes tasks. */
  onRoom: () => void;
};
