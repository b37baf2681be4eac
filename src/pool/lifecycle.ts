/** The rules by which threads start, serve and end: minimum, idleness, replacement, recycling, unresponsiveness. */
import type { LaunchpoolError } from '../../wire/errors.ts';
import type { ModuleFacts } from '../../workers/task.ts';
import type { PoolOptions } from './contract.ts';
import { createIdleThreads } from './idle-threads.ts';
import { LOAD_TIMEOUT_MS } from './loading.ts';
import { createRecycling, type Recycling } from './recycling.ts';
import { createRenewal, type Renewal } from './renewal.ts';
import { createSpares, type Spares } from './spares.ts';
import { createTermination, type Termination } from './termination.ts';
import type { Thread } from './thread.ts';
import { retiredFor, unresponsiveFor } from './thread-errors.ts';
import { createUnresponsiveCheck, type UnresponsiveCheck } from './unresponsive.ts';
import type { Workers } from './workers.ts';

export type LifecycleOptions = {
  pool: PoolOptions;
  workers: Workers;
  /** Asks a thread to run the module's `teardown`. */
  askTearDown: (thread: Thread) => void;
  /** Whether a thread has started a request that has no outcome yet. */
  isInRequest: (thread: Thread) => boolean;
  /** A spare serves now, or another thread may start. */
  onServing: () => void;
  /** A thread does not end. */
  onLost: (thread: Thread) => void;
};

export type Lifecycle = Pick<Termination, 'check' | 'checkSoon' | 'endAll'> & {
  readonly spares: Pick<Spares, 'onLoaded' | 'onBroken' | 'onExited'>;
  readonly recycling: Recycling | undefined;
  readonly reload: Renewal['reload'];
  /** The minimum of threads, at this moment. */
  readonly minThreads: number;
  /** Starts threads up to the minimum. */
  fill(): void;
  /** Must be called when a thread gets a task. */
  onTask: UnresponsiveCheck['start'];
  /** Must be called when further threads have waited for a snapshot. */
  onSnapshot(): void;
  /** Must be called when there is another thread. */
  onStarted(): void;
  /** Ends a thread at once. */
  end(thread: Thread): void;
  /** Gives a thread with many orphans no further task, and ends it after its other requests, in `drainMs` at most. */
  retire(thread: Thread): void;
  /** Ends a thread at once; its open requests fail with this error. */
  replace(thread: Thread, reason: LaunchpoolError): void;
};

export function createLifecycle(options: LifecycleOptions): Lifecycle {
  const { pool, workers, askTearDown, isInRequest, onServing, onLost } = options;
  const {
    threads: maxThreads,
    minThreads = 1,
    idleThreadMs = 10_000,
    maxUnresponsiveMs = 60_000,
    drainMs = 10_000,
  } = pool;
  const threads = (): Iterable<Thread> => workers.threads.values();
  let isFilled = false;

  const spares = createSpares({ start: workers.startSpare, end, timeoutMs: pool.loadTimeoutMs ?? LOAD_TIMEOUT_MS });
  const termination = createTermination({
    threads,
    onLost,
    terminationTimeoutMs: pool.terminationTimeoutMs,
    askTearDown,
    tearDownMs: drainMs,
  });

  const idleThreads = createIdleThreads<Thread>({
    idleMs: idleThreadMs,
    threads,
    // Threads that are starting do not count: there is work for them.
    surplus: () => [...threads()].filter((thread) => thread.hasStarted && thread.isActive).length - minThreads,
    isBusy: (thread) => thread.state === 'spare' || !thread.isDone,
    end(thread) {
      if (thread.isEnding) return;
      thread.endReason = 'idle';
      end(thread);
    },
  });

  const renewal = createRenewal({
    startSpare(moduleUrl, signal) {
      const { workerData } = workers;
      const isSame = moduleUrl === undefined;
      return spares.start(
        isSame ? workerData : { ...workerData, moduleUrl, snapshot: undefined, broken: undefined },
        signal,
      );
    },
    serve(spare) {
      // While it started, another thread may have replaced a dead one.
      if (workers.active < maxThreads) serve(spare);
      else end(spare);
    },
    retire(thread) {
      workers.retire(thread);
      termination.checkSoon();
    },
    swap(spare, moduleUrl) {
      const facts = spare.facts as ModuleFacts;
      workers.workerData = {
        ...workers.workerData,
        moduleUrl,
        kind: facts.kind,
        snapshot: spare.snapshot,
        broken: undefined,
      };
      workers.retireAll();
      serve(spare);
      termination.checkSoon();
      if (isFilled) fill();
      return facts;
    },
    onFailed: (error) => pool.onNotRenewed?.(error),
  });

  const recycling = createRecycling({
    maxRequests: pool.recycleRequests ?? 0,
    maxMb: pool.recycleMb ?? 0,
    onWorn: renewal.renew,
  });

  const unresponsiveCheck = createUnresponsiveCheck({
    timeoutMs: maxUnresponsiveMs,
    threads,
    isInRequest,
    onUnresponsive(thread) {
      const error = unresponsiveFor(maxUnresponsiveMs);
      pool.onUnresponsive?.(error);
      replace(thread, error);
    },
  });

  function serve(spare: Thread): void {
    workers.serve(spare);
    idleThreads.start();
    onServing();
  }

  function end(thread: Thread): void {
    workers.retire(thread);
    termination.terminate(thread);
  }

  function retire(thread: Thread): void {
    pool.onRetired?.(thread.id, thread.orphans);
    workers.retire(thread);
    termination.checkSoon();
    setTimeout(endRetirement, drainMs, thread).unref();
    // Another thread takes its place.
    if (isFilled) fill();
    onServing();
  }

  function endRetirement(thread: Thread): void {
    if (thread.state !== 'retiring') return;
    pool.onRetirementOver?.(thread.id, Math.max(0, thread.openRequests - thread.orphans));
    replace(thread, retiredFor(drainMs));
  }

  function replace(thread: Thread, reason: LaunchpoolError): void {
    if (thread.state === 'terminating') return;
    thread.endReason = reason;
    end(thread);
  }

  function fill(): void {
    isFilled = true;
    // An empty task loads the module. If all threads have a task, it starts another thread.
    for (let runs = 2 * maxThreads; runs > 0 && workers.active < minThreads; runs -= 1) {
      // The first thread loads the module before the others start; see onSnapshot().
      if (workers.awaitsSnapshot && [...threads()].some(({ tasks }) => tasks > 0)) return;
      workers.run(null).catch(() => undefined);
    }
  }

  return {
    check: termination.check,
    checkSoon: termination.checkSoon,
    endAll: termination.endAll,
    spares,
    recycling,
    reload: renewal.reload,
    get minThreads() {
      return isFilled ? minThreads : 1;
    },
    fill,
    onTask: unresponsiveCheck.start,
    onSnapshot() {
      if (isFilled) fill();
      onServing();
    },
    onStarted() {
      idleThreads.start();
      // A thread that has retired before its start has no task whose completion would end it.
      termination.check();
    },
    end,
    retire,
    replace,
  };
}
