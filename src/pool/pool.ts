/** The pool of worker threads. Knows tasks and threads; does not know requests. */
import { postMessageToThread } from 'node:worker_threads';
import { slotsOf } from '../../workers/slot.ts';
import type { AgentKind, ThreadMessage } from '../../workers/task.ts';
import type { Pool, PoolListener, PoolOptions } from './contract.ts';
import { createLifecycle } from './lifecycle.ts';
import { createTaskRuns } from './task-runs.ts';
import type { Thread } from './thread.ts';
import { exitErrorOf } from './thread-errors.ts';
import { createWorkers } from './workers.ts';

export type { Pool, PoolListener, PoolOptions } from './contract.ts';

export function createPool(options: PoolOptions): Pool {
  const { first, threads: maxThreads, onFiles, onBroken, onStrayDeath, onLost } = options;
  const slots = slotsOf(first.options.memory);
  let kind: AgentKind | undefined;
  let listener: PoolListener | undefined;
  let restarts = 0;
  let lost = 0;

  const workers = createWorkers({
    first,
    maxThreads,
    minThreads: () => lifecycle.minThreads,
    onMessage,
    onStarted() {
      lifecycle.onStarted();
      listener?.onRoom();
    },
    onExited(thread) {
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
    isInRequest: (thread) => thread.openRequests > 0 || taskRuns.hasOpenRequest(thread),
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
      if (typeof result === 'object') kind ??= result.kind;
      if (recycling !== undefined) {
        const thread = taskRuns.threadOf(task, result);
        if (thread !== undefined) recycling.onTask(thread, task, slot);
      }
      if (workers.hasInactive) lifecycle.checkSoon();
    },
    end: lifecycle.end,
  });

  function onMessage(thread: Thread, message: ThreadMessage): void {
    switch (message?.launchpool) {
      case 'late-replies':
        listener?.onLateReplies(message.outcomes);
        break;
      case 'kind':
        thread.hasLoaded = true;
        // A spare with a broken module has reported that before its kind.
        if (thread.state === 'spare' ? spares.onLoaded(thread) : thread.isActive) kind = message.kind;
        break;
      case 'broken':
        thread.hasLoaded = true;
        // A broken module of a spare is the failure of a replacement, and does not concern the other threads.
        if (!spares.onBroken(thread, message.error)) onBroken?.(message.error);
        break;
      case 'files':
        onFiles?.(message.files);
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
      if (workers.active < maxThreads) return true;
      for (const thread of workers.threads.values()) if (workers.isFree(thread)) return true;
      return false;
    },
    run: taskRuns.run,
    runLong: taskRuns.run,
    cancel: (id, message) => void postMessageToThread(id, message).catch(() => undefined),
    setStuck: (id, isStuck) => workers.threads.get(id)?.setStalled(isStuck),
    addOpen(id, requests) {
      const thread = workers.threads.get(id);
      if (thread === undefined) return;
      thread.openRequests += requests;
      if (thread.isEnding) lifecycle.checkSoon();
    },
    replace(id, reason) {
      const thread = workers.threads.get(id);
      if (thread !== undefined) lifecycle.replace(thread, reason);
    },
    reload: lifecycle.reload,
    listen(to) {
      listener = to;
    },
    destroy: workers.destroy,
    end: async (graceMs) => lost === 0 && lifecycle.endAll(graceMs, workers.destroy),
  };
}
