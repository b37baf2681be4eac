/** The pool of worker threads. Knows tasks and threads; does not know requests. */
import { postMessageToThread } from 'node:worker_threads';
import { noteLine } from '../../workers/log-lines.ts';
import { returnUnits } from '../../workers/reply-account.ts';
import { slotsOf } from '../../workers/slot.ts';
import { joinSnapshots, type Snapshot } from '../../workers/snapshot.ts';
import type { AgentKind, MainMessage, ThreadMessage } from '../../workers/task.ts';
import type { Pool, PoolListener, PoolOptions } from './contract.ts';
import { createLifecycle } from './lifecycle.ts';
import { createLoading, LOAD_TIMEOUT_MS } from './loading.ts';
import { createTaskRuns } from './task-runs.ts';
import type { Thread } from './thread.ts';
import { exitErrorOf } from './thread-errors.ts';
import { createWorkers } from './workers.ts';

export type { Pool, PoolListener, PoolOptions } from './contract.ts';

export function createPool(options: PoolOptions): Pool {
  const { first, threads: maxThreads, loadTimeoutMs = LOAD_TIMEOUT_MS, onFiles, onStrayDeath, onLost } = options;
  const slots = slotsOf(first.options.memory);
  const kindKnown = Promise.withResolvers<void>();
  // Without it, the first thread that imports the module decides it.
  let { kind } = first.options;
  if (kind !== undefined) kindKnown.resolve();
  let isKindLate = false;
  void kindKnown.promise.then(() => {
    isKindLate = kind === undefined;
  });
  let listener: PoolListener | undefined;
  let restarts = 0;
  let lost = 0;
  const maxOrphans = Math.max(1, first.options.concurrency / 2);

  const loading = createLoading({
    threads: () => workers.threads.values(),
    timeoutMs: loadTimeoutMs,
    answerWithError: ({ id }) => send(id, { launchpool: 'answer-with-error' }),
    end: (thread, error) => lifecycle.replace(thread, error),
    onBroken(error) {
      kindKnown.resolve();
      workers.workerData = { ...workers.workerData, broken: error };
      options.onBroken?.(error);
    },
    onFailed: (error) => options.onNotLoaded?.(error),
    onPauseEnd() {
      // Starts a thread, which takes the tasks that wait.
      if (workers.queueSize > 0 && workers.hasPlace) workers.run(null).catch(() => undefined);
      listener?.onRoom();
    },
  });

  const workers = createWorkers({
    first,
    maxThreads,
    minThreads: () => lifecycle.minThreads,
    loading,
    onMessage,
    onStarted() {
      lifecycle.onStarted();
      listener?.onRoom();
    },
    onExited(thread) {
      kindKnown.resolve();
      if (thread.endReason !== 'idle') restarts += 1;
      taskRuns.onExited(thread);
      const error = exitErrorOf(thread, thread.error);
      lifecycle.spares.onExited(thread, error);
      listener?.onThreadGone(thread.id, error);
    },
    onStrayDeath: (error) => onStrayDeath?.(error),
  });

  const lifecycle = createLifecycle({
    pool: options,
    workers,
    askTearDown: ({ id }) => send(id, { launchpool: 'tear-down' }),
    isInRequest: (thread) => thread.openRequests > thread.orphans || taskRuns.hasOpenRequest(thread),
    onServing: () => listener?.onRoom(),
    onLost(thread) {
      lost += 1;
      workers.giveUp(thread);
      onLost?.(lost);
    },
  });
  const { spares, recycling } = lifecycle;

  const taskRuns = createTaskRuns({
    slots,
    run: workers.run,
    threads: workers.threads,
    onStart: lifecycle.onTask,
    onComplete(task, result, slot) {
      if (recycling !== undefined) {
        const thread = taskRuns.threadOf(task, result);
        if (thread !== undefined) recycling.onTask(thread, task, slot);
      }
      if (workers.hasInactive) lifecycle.checkSoon();
    },
    end: lifecycle.end,
    brokenBy: () => loading.brokenBy,
  });

  /** Once clients have the replies of an RPC agent, since no thread could tell the kind, it does not become a raw agent. */
  function learnKind(next: AgentKind): void {
    if (kind !== undefined || (isKindLate && next === 'raw')) return;
    kind = next;
    workers.workerData = { ...workers.workerData, kind };
    kindKnown.resolve();
  }

  /** The promise is settled when the listeners of the thread have run, or there is no such thread. */
  function send(id: number, message: MainMessage): Promise<void> {
    return postMessageToThread(id, message).catch(() => undefined);
  }

  /** Further threads run what this one runs, whatever becomes of the files. */
  function holdSnapshot(thread: Thread, added: Snapshot | undefined): void {
    if (added === undefined) return;
    thread.snapshot = joinSnapshots(thread.snapshot, added);
    if (!thread.isActive) return;
    const isAwaited = workers.awaitsSnapshot;
    workers.workerData = { ...workers.workerData, snapshot: joinSnapshots(workers.workerData.snapshot, added) };
    if (isAwaited) lifecycle.onSnapshot();
  }

  function onMessage(thread: Thread, message: ThreadMessage): void {
    switch (message?.launchpool) {
      case 'late-replies':
        listener?.onLateReplies(message.outcomes, { thread: thread.id, units: message.units });
        break;
      case 'imported':
        thread.facts = message.facts;
        holdSnapshot(thread, message.snapshot);
        if (thread.isActive) learnKind(message.facts.kind);
        options.onImported?.(message.facts, message.moduleUrl);
        break;
      case 'loaded':
        holdSnapshot(thread, message.snapshot);
        thread.tearsDown = message.tearsDown;
        loading.onLoaded(thread);
        spares.onLoaded(thread);
        break;
      case 'not-loaded':
        // A module that a spare cannot load is the failure of a replacement, and does not concern the other threads.
        if (!spares.onBroken(thread, message.error)) loading.onNotLoaded(thread, message.error);
        break;
      case 'torn-down':
        thread.tornDown?.resolve();
        if (message.error !== undefined) options.onTeardownFailed?.(message.error);
        break;
      case 'account':
        thread.account = message.account;
        break;
      case 'room':
        listener?.onRoom();
        break;
      case 'inspector':
        options.onInspector?.(message);
        break;
      case 'log':
        noteLine(message.account);
        options.onLog?.(message);
        break;
      case 'files':
        onFiles?.({ files: message.files, written: message.written, since: message.since });
    }
  }

  return {
    slots,
    get kind() {
      return kind;
    },
    kindKnown: kindKnown.promise,
    get hasLoaded() {
      return loading.hasLoaded;
    },
    get isLoading() {
      return loading.isLoading;
    },
    get threads() {
      return workers.size;
    },
    maxThreads,
    get workers() {
      return Array.from(workers.threads.values(), ({ worker }) => worker);
    },
    get restarts() {
      return restarts;
    },
    get lost() {
      return lost;
    },
    isLost: taskRuns.isLost,
    fill: lifecycle.fill,
    hasRoom() {
      // All of them: Piscina may choose any thread that seems to have room, though another one may start.
      for (const thread of workers.threads.values()) thread.updateFull();
      if (workers.hasPlace) return true;
      for (const thread of workers.threads.values()) if (workers.isFree(thread)) return true;
      return false;
    },
    hasExtraRoom() {
      for (const thread of workers.threads.values()) if (workers.hasExtraRoom(thread)) return true;
      return false;
    },
    run: taskRuns.run,
    runLong: taskRuns.run,
    cancel: send,
    passItems: (id, message) => void postMessageToThread(id, message, [message.payload.buffer]).catch(() => undefined),
    probe: (id) => send(id, { launchpool: 'probe' }),
    setStuck: (id, isStuck) => workers.threads.get(id)?.setStalled(isStuck),
    addOpen(id, requests) {
      const thread = workers.threads.get(id);
      if (thread === undefined) return;
      thread.openRequests += requests;
      if (thread.isEnding) lifecycle.checkSoon();
    },
    addOrphans(id, requests) {
      const thread = workers.threads.get(id);
      if (thread === undefined) return;
      thread.orphans += requests;
      if (thread.isEnding) lifecycle.checkSoon();
      else if (requests > 0 && thread.orphans >= maxOrphans) lifecycle.retire(thread);
    },
    giveCredit(id, units) {
      const account = workers.threads.get(id)?.account;
      if (account !== undefined && returnUnits(account, units)) send(id, { launchpool: 'credit' });
    },
    replace(id, reason) {
      const thread = workers.threads.get(id);
      if (thread !== undefined) lifecycle.replace(thread, reason);
    },
    async reload(moduleUrl, signal) {
      const facts = await lifecycle.reload(moduleUrl, signal);
      learnKind(facts.kind);
      return facts;
    },
    listen(to) {
      listener = to;
    },
    destroy: workers.destroy,
    end: async (graceMs, tearDownMs = 0) => lost === 0 && lifecycle.endAll(graceMs, workers.destroy, tearDownMs),
  };
}
