/** A dispatcher on a pool without threads, whose replies the test decides, with conversations that record their replies. */
import { setImmediate as turn } from 'node:timers/promises';
import type { Conversation } from '../../src/dispatch/connection/conversation-options.ts';
import { createDispatcher } from '../../src/dispatch/dispatcher.ts';
import type { Dispatcher, DispatcherOptions, DispatchPool } from '../../src/dispatch/dispatcher-options.ts';
import type { PoolListener } from '../../src/pool/pool.ts';
import { LaunchpoolError } from '../../wire/errors.ts';
import { encodeTextFrame } from '../../wire/frame.ts';
import { unitsOf } from '../../workers/reply-account.ts';
import { createRequests } from '../../workers/requests.ts';
import { createBatchRunner } from '../../workers/run-batch.ts';
import type { Result } from '../../workers/runner.ts';
import { SLOT_BYTES, type Slot, slotsOf } from '../../workers/slot.ts';
import type {
  AgentKind,
  LateReply,
  LongResult,
  LongResults,
  LongTask,
  Outcome,
  Task,
  TaskResult,
} from '../../workers/task.ts';
import { createHandWorker, type HandWorker } from './hand-worker.ts';

/** A call of a handler that has not returned. `answer` resolves when all its consequences have happened. */
export type Call = { text: string; thread: number; answer(result: Result): Promise<void> };

/** A task of the pool. Each has its own thread, whose id is the number of the task, from 1 on. */
export type BenchTask = {
  task: Task;
  thread: number;
  /** The worker of a batch. */
  worker: HandWorker;
  slot: Slot;
  /** Sends an outcome as a late reply. */
  sendLate(index: number, outcome: Outcome): void;
  complete(): Promise<void>;
  /** The thread gives a long request back, since it may start none. */
  leave(): Promise<void>;
  /** Ends the thread. */
  crash(): Promise<void>;
};

export type BenchOptions = {
  /** The kind of the module, if the pool knows it from the start. */
  known?: AgentKind;
  /** The kind of the module. */
  kind?: AgentKind;
  /** Whether the test drives the workers; otherwise each request starts at once, and is one of the calls. */
  byHand?: boolean;
  slots?: number;
  /** The highest number of tasks at a time. */
  room?: number;
  dispatcher?: DispatcherOptions;
};

export type Bench = {
  dispatcher: Dispatcher;
  tasks: BenchTask[];
  calls: Call[];
  /** The stuck threads, and the open requests of each thread, as the pool was notified of them. */
  stuck: Set<number>;
  open: Map<number, number>;
  /** The requests that threads were asked to abort, and the threads that were to be replaced. */
  cancelled: { thread: number; ticket: number; index: number; code: unknown }[];
  replaced: number[];
  /** The credit for late replies that each thread lacks, as a negative number. */
  credit: Map<number, number>;
  /** All slots of the pool. */
  slots: readonly Slot[];
  /** Resolves when all dispatched requests have reached the pool. */
  settle(): Promise<void>;
};

export const EXITED: LaunchpoolError = new LaunchpoolError('ERR_LAUNCHPOOL_THREAD_EXITED', 'it ended');

export function createBench(options: BenchOptions = {}): Bench {
  const { known, kind = known ?? 'rpc', byHand = false, room = Number.POSITIVE_INFINITY } = options;
  const slots = slotsOf(new SharedArrayBuffer((options.slots ?? 4) * SLOT_BYTES));
  const bench: Omit<Bench, 'dispatcher'> = {
    tasks: [],
    calls: [],
    stuck: new Set(),
    open: new Map(),
    cancelled: [],
    credit: new Map(),
    replaced: [],
    slots,
    settle,
  };
  let listener: PoolListener | undefined;
  let inFlight = 0;
  let loaded = known;

  async function settle(): Promise<void> {
    for (let turns = 0; turns < 3; turns += 1) await turn();
  }

  function sendLate(outcomes: LateReply[], thread: number): void {
    const units = outcomes.reduce((sum, { reply }) => sum + unitsOf(reply?.length ?? 0), 0);
    bench.credit.set(thread, (bench.credit.get(thread) ?? 0) - units);
    listener?.onLateReplies(outcomes, { thread, units });
  }

  function runner(thread: number, ticketed: (result: TaskResult | Promise<TaskResult>) => void, task: Task): void {
    const batches = createBatchRunner({
      runner: {
        run(input, start, end) {
          const { promise, resolve } = Promise.withResolvers<Result>();
          const answer = (result: Result): Promise<void> => {
            resolve(result);
            return settle();
          };
          bench.calls.push({ text: input.toString('utf8', start, end), thread, answer });
          return promise;
        },
      },
      requests: createRequests({}),
      lateReplies: { add: (lateReply) => setImmediate(sendLate, [lateReply], thread), isFull: false },
      threadId: thread,
      concurrency: Number.POSITIVE_INFINITY,
    });
    if (typeof task === 'number') ticketed(batches.run(slots[task] as Slot));
    else ticketed(task === null ? 0 : batches.runLong(task));
  }

  const pool: DispatchPool = {
    slots,
    kind,
    get hasLoaded() {
      return loaded !== undefined;
    },
    maxThreads: 1,
    hasRoom: () => inFlight < room,
    hasExtraRoom: () => false,
    run,
    runLong: run,
    setStuck(thread, stuck) {
      if (stuck) bench.stuck.add(thread);
      else bench.stuck.delete(thread);
    },
    giveCredit: (thread, units) => bench.credit.set(thread, (bench.credit.get(thread) ?? 0) + units),
    addOpen: (thread, requests) => bench.open.set(thread, (bench.open.get(thread) ?? 0) + requests),
    listen(to) {
      listener = to;
    },
    passItems: () => undefined,
    async cancel(thread, message) {
      if (message.launchpool !== 'cancel') return;
      const { ticket, index, error } = message;
      bench.cancelled.push({ thread, ticket, index, code: error.code });
    },
    probe: async () => undefined,
    addOrphans: () => undefined,
    replace: (thread) => bench.replaced.push(thread),
    isLost: () => false,
  };

  function run<R extends TaskResult>(task: Task): Promise<R> {
    const { promise, resolve, reject } = Promise.withResolvers<TaskResult>();
    const thread = bench.tasks.length + 1;
    inFlight += 1;
    let completed = false;
    const complete = (result: TaskResult | Promise<TaskResult>): void => {
      if (completed) return;
      completed = true;
      inFlight -= 1;
      loaded = kind;
      resolve(result);
    };
    const slot = slots[typeof task === 'number' ? task : 0] as Slot;
    const { ticket } = slot;
    /** A long request has a ticket of its own. */
    const placeOf = (index: number): { ticket: number; index: number } =>
      typeof task === 'number' ? { ticket, index } : { ticket: task?.[index]?.ticket ?? 0, index: 0 };
    const results = (result: LongResult): LongResults => ({
      us: 1,
      results: (task as readonly LongTask[]).map(() => result),
    });
    bench.tasks.push({
      task,
      thread,
      slot,
      worker: createHandWorker(slot, thread),
      sendLate: (index, outcome) => sendLate([{ ...placeOf(index), ...outcome }], thread),
      complete: () => {
        complete(typeof task === 'number' ? thread : results({ thread, range: undefined }));
        return settle();
      },
      leave: () => {
        complete(results({ thread, range: undefined, isLeft: true }));
        return settle();
      },
      crash: () => {
        if (completed) listener?.onThreadGone(thread, EXITED);
        else {
          completed = true;
          inFlight -= 1;
          reject(EXITED);
        }
        return settle();
      },
    });
    if (!byHand) runner(thread, complete, task);
    return promise as Promise<R>;
  }

  const dispatcher = createDispatcher(pool, options.dispatcher);
  dispatchers.push(dispatcher);
  return Object.assign(bench, { dispatcher });
}

/** Answers every call so far with its text in capital letters. */
export async function answerAll({ calls }: Bench): Promise<void> {
  for (const { text, answer } of calls.splice(0)) await answer(text.toUpperCase());
}

const dispatchers: Dispatcher[] = [];

/** Stops the checks of batches that a test has not completed; otherwise they would go on for ever. */
export function stopBenches(): void {
  for (const dispatcher of dispatchers.splice(0)) dispatcher.stop();
}

export type BenchConnection = {
  conversation: Conversation;
  /** In order: the text of each frame that was sent, `!code` for an error that closes the connection, and `!!message` for one that was
   * thrown on its path.
   */
  received: string[];
  /** Whether the client leaves its replies unread, and how often `settled` and `balance` were called. */
  end: { full: boolean; settlings: number; balances: number };
};

export function openConversation({ dispatcher }: Bench): BenchConnection {
  const received: string[] = [];
  const end = { full: false, settlings: 0, balances: 0 };
  const conversation = dispatcher.open({
    send: (frames) => received.push(...textsOf(frames)),
    fail: (error) => received.push(`!${error.code}`),
    settled: () => {
      end.settlings += 1;
    },
    balance: () => {
      end.balances += 1;
    },
    sendPart: () => undefined,
    isWriteBlocked: () => end.full,
    onFault: (error) => received.push(`!!${(error as Error).message}`),
  });
  return { conversation, received, end };
}

/** The payloads of consecutive frames. */
export function textsOf(frames: Uint8Array): string[] {
  const run = Buffer.from(frames);
  const texts: string[] = [];
  for (let offset = 0; offset < run.length; ) {
    const end = offset + 4 + run.readInt32BE(offset);
    texts.push(run.toString('utf8', offset + 4, end));
    offset = end;
  }
  return texts;
}

/** Consecutive frames. */
export function runOf(...texts: string[]): Buffer {
  return Buffer.concat(texts.map(encodeTextFrame));
}
