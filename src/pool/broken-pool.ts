/** A pool without threads, for an agent that cannot work. Answers every request with the reason, on the main thread. */
import type { LaunchpoolError } from '../../wire/errors.ts';
import { brokenRunner } from '../../workers/broken-runner.ts';
import { createLateReplies } from '../../workers/late-replies.ts';
import { createReplyAccount, returnUnits } from '../../workers/reply-account.ts';
import { createRequests } from '../../workers/requests.ts';
import { createBatchRunner } from '../../workers/run-batch.ts';
import { SLOT_BYTES, type Slot, slotsOf } from '../../workers/slot.ts';
import type { AgentKind, ThreadMessage } from '../../workers/task.ts';
import type { Pool, PoolListener } from './contract.ts';

const SLOTS = 2;

/** @param kind of the module, if it is known: a raw agent has no error reply. */
export function createBrokenPool(reason: LaunchpoolError, kind: AgentKind | undefined): Pool {
  const slots = slotsOf(new SharedArrayBuffer(SLOTS * SLOT_BYTES));
  let listener: PoolListener | undefined;
  const account = createReplyAccount();
  const onMessage = (message: ThreadMessage): void => {
    if (message.launchpool === 'late-replies')
      listener?.onLateReplies(message.outcomes, { thread: 0, units: message.units });
  };
  const lateReplies = createLateReplies({ send: onMessage, account });
  const batches = createBatchRunner({
    runner: brokenRunner(reason, kind, { exposeStacks: false }),
    lateReplies,
    // No handler runs that could ask for the signal of its request.
    requests: createRequests({}),
    threadId: 0,
    concurrency: Number.POSITIVE_INFINITY,
  });

  return {
    slots,
    kind,
    kindKnown: Promise.resolve(),
    hasLoaded: false,
    isLoading: false,
    threads: 0,
    maxThreads: 0,
    workers: [],
    restarts: 0,
    lost: 0,
    fill: () => undefined,
    hasRoom: () => true,
    hasExtraRoom: () => false,
    run: async (task) => (task === null ? 0 : batches.run(slots[task] as Slot)),
    runLong: async (tasks) => batches.runLong(tasks),
    cancel: async () => undefined,
    passItems: () => undefined,
    probe: async () => undefined,
    addOrphans: () => undefined,
    setStuck: () => undefined,
    addOpen: () => undefined,
    giveCredit(_thread, units) {
      if (returnUnits(account, units)) lateReplies.resume();
    },
    replace: () => undefined,
    isLost: () => false,
    reload: () => Promise.reject(reason),
    listen(to) {
      listener = to;
    },
    destroy: async () => undefined,
    end: async () => true,
  };
}
