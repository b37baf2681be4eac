/** The worker threads: Piscina, which thread may take more, and what happens when one dies. Knows nothing of requests. */
import { postMessageToThread } from 'node:worker_threads';
import type { LaunchpoolError } from '../../wire/errors.ts';
import { slotsOf } from '../../workers/slot.ts';
import type { AgentKind, Task, TaskResult, ThreadMessage } from '../../workers/task.ts';
import type { Pool, PoolListener, PoolOptions } from './contract.ts';
import { createIdleThreads } from './idle-threads.ts';
import { createRecycling } from './recycling.ts';
import { createRenewal } from './renewal.ts';
import { createRunningTasks } from './running-tasks.ts';
import { createSpares } from './spares.ts';
import { createTermination } from './termination.ts';
import { isDone, type Thread } from './thread.ts';
import { threadExited, unresponsiveFor } from './thread-errors.ts';
import { createUnresponsiveCheck } from './unresponsive.ts';
import { createWorkers } from './workers.ts';

export type { Pool, PoolListener, PoolOptions } from './contract.ts';

export function createPool(options: PoolOptions): Pool {
  const { first, threads: maxThreads, minThreads = 1, idleThreadMs = 10_000 } = options;
  const { onFiles, onBroken, onStrayDeath, onLost, onNotRenewed, onUnresponsive, maxUnresponsiveMs = 60_000 } = options;
  const slots = slotsOf(first.options.memory);
  /** Those that a thread may still write to that does not end. */
  const lostSlots = new Set<number>();
  const runningTasks = createRunningTasks(slots);
  /** Those that have ended just now. */
  const departed = new Map<number, Thread>();
  let kind: AgentKind | undefined;
  let listener: PoolListener | undefined;
  let isFilled = false;
  let restarts = 0;
  let lost = 0;

  const workers = createWorkers({
    first,
    maxThreads,
    minThreads: () => (isFilled ? minThreads : 1),
    onMessage: onMessage,
    onReady() {
      idleThreads.start();
      // One that is ending already has no task to wait for.
      termination.check();
      listener?.onRoom();
    },
    onGone(thread) {
      if (!thread.idled) restarts += 1;
      // For its tasks, which fail when this turn of the event loop is over.
      departed.set(thread.id, thread);
      setImmediate(() => departed.delete(thread.id));
      const error = thread.why ?? threadExited(thread.cause);
      spares.onGone(thread, error);
      listener?.onThreadGone(thread.id, error);
    },
    onStrayDeath: (error) => onStrayDeath?.(error),
  });

  const spares = createSpares({ start: workers.startSpare, end });

  const termination = createTermination({
    threads: () => workers.threads.values(),
    terminationTimeoutMs: options.terminationTimeoutMs,
    onLost(thread) {
      lost += 1;
      workers.giveUp(thread);
      onLost?.(lost);
    },
  });

  const idleThreads = createIdleThreads<Thread>({
    idleMs: idleThreadMs,
    threads: () => workers.threads.values(),
    // Of those that have started: the others are needed.
    surplus: () =>
      [...workers.threads.values()].filter((thread) => thread.isReady && !thread.ending && !thread.isSpare).length -
      minThreads,
    isBusy: (thread) => thread.isSpare || !isDone(thread),
    end(thread) {
      if (thread.ending) return;
      thread.idled = true;
      end(thread);
    },
  });

  const renewal = createRenewal({
    startSpare: (moduleUrl = workers.workerData.moduleUrl) => spares.start({ ...workers.workerData, moduleUrl }),
    serve(spare) {
      // While it started, another one may have been started because of a death.
      if (workers.active < maxThreads) serve(spare);
      else end(spare);
    },
    retire,
    swap(spare, moduleUrl) {
      workers.workerData = { ...workers.workerData, moduleUrl };
      workers.retireAll();
      serve(spare);
      termination.checkSoon();
      if (isFilled) fill();
    },
    onFailed: (error) => onNotRenewed?.(error),
  });

  const unresponsiveCheck = createUnresponsiveCheck({
    timeoutMs: maxUnresponsiveMs,
    threads: () => workers.threads.values(),
    isInRequest: (thread) => thread.open > 0 || runningTasks.hasOpenRequest(thread.id),
    onUnresponsive(thread) {
      const why = unresponsiveFor(maxUnresponsiveMs);
      onUnresponsive?.(why);
      replace(thread, why);
    },
  });

  const recycling = createRecycling({
    maxRequests: options.recycleRequests ?? 0,
    maxMb: options.recycleMb ?? 0,
    onWorn: renewal.renew,
  });

  function onMessage(thread: Thread, message: ThreadMessage): void {
    switch (message?.launchpool) {
      case 'aside':
        listener?.onLateReplies(message.outcomes);
        break;
      case 'kind':
        thread.isLoaded = true;
        // A broken module says so first, and its thread is ended.
        if (thread.isSpare ? spares.onLoaded(thread) : !thread.ending) kind = message.kind;
        break;
      case 'broken':
        thread.isLoaded = true;
        if (thread.isSpare) spares.onBroken(thread, message.error);
        else onBroken?.(message.error);
        break;
      case 'files':
        onFiles?.(message.files);
    }
  }

  function serve(spare: Thread): void {
    workers.serve(spare);
    idleThreads.start();
    listener?.onRoom();
  }

  /** When it has finished what it has begun. */
  function retire(thread: Thread): void {
    workers.retire(thread);
    termination.checkSoon();
  }

  function end(thread: Thread): void {
    workers.retire(thread);
    termination.terminate(thread);
  }

  function fill(): void {
    isFilled = true;
    // A task for nothing but to load the module: where all have one, another thread is started.
    for (let tasks = 2 * maxThreads; tasks > 0 && workers.active < minThreads; tasks -= 1) {
      workers.run(null).catch(() => undefined);
    }
  }

  function threadOf(task: Task, result?: TaskResult): Thread | undefined {
    const id = typeof result === 'object' ? result.thread : runningTasks.threadOf(task);
    return workers.threads.get(id) ?? departed.get(id);
  }

  function replace(thread: Thread, why: LaunchpoolError): void {
    if (thread.terminated) return;
    thread.why = why;
    end(thread);
  }

  async function run<Result extends TaskResult>(task: Task): Promise<Result> {
    runningTasks.add(task);
    unresponsiveCheck.start();
    try {
      const result = (await workers.run(task)) as Result;
      if (typeof result === 'object') kind ??= result.kind;
      if (recycling !== undefined) {
        const thread = threadOf(task, result);
        if (thread !== undefined) recycling.onTask(thread, task, runningTasks.slotOf(task));
      }
      if (workers.hasEnding) termination.checkSoon();
      return result;
    } catch (cause) {
      // An uncaught error is reported before its thread has ended; till then it may still write to the slot.
      const thread = threadOf(task);
      // One that has not died of it has had its ways changed by the module, and is of no more use.
      if (thread !== undefined && !thread.ending) end(thread);
      await thread?.gone;
      if (thread?.isLost && typeof task === 'number') lostSlots.add(task);
      throw thread?.why ?? threadExited(cause);
    } finally {
      runningTasks.delete(task);
    }
  }

  return {
    slots,
    get kind() {
      return kind;
    },
    get threads() {
      return workers.size;
    },
    maxThreads: maxThreads,
    get workers() {
      return Array.from(workers.threads.values(), ({ worker }) => worker);
    },
    get restarts() {
      return restarts;
    },
    get lost() {
      return lost;
    },
    isLost: (slot) => lostSlots.has(slot),
    fill,
    hasRoom() {
      if (workers.active < maxThreads) return true;
      for (const thread of workers.threads.values()) if (workers.canTake(thread)) return true;
      return false;
    },
    run,
    runLong: run,
    cancel: (id, message) => void postMessageToThread(id, message).catch(() => undefined),
    setStuck(id, stuck) {
      const thread = workers.threads.get(id);
      if (thread !== undefined) thread.stuck = stuck;
    },
    addOpen(id, requests) {
      const thread = workers.threads.get(id);
      if (thread === undefined) return;
      thread.open += requests;
      if (thread.ending) termination.checkSoon();
    },
    replace(id, why) {
      const thread = workers.threads.get(id);
      if (thread !== undefined) replace(thread, why);
    },
    reload: renewal.reload,
    listen(to) {
      listener = to;
    },
    destroy: () => workers.destroy(),
    end: async (graceMs) => lost === 0 && termination.endAll(graceMs, workers.destroy),
  };
}
