/** Takes requests from the lanes to the threads, and what became of them back to the lanes. */
import type { LaunchpoolError } from '../../wire/errors.ts';
import type { Pool } from '../pool/pool.ts';
import { createBatcher } from './batch/batcher.ts';
import { createInFlightBatches } from './batch/in-flight-batches.ts';
import { createSlotPool } from './batch/slot-pool.ts';
import { type Cancellation, createCancellation } from './cancel/cancellation.ts';
import { createAdmission } from './connection/admission.ts';
import { type Conversation, type ConversationOptions, createConversation } from './connection/conversation.ts';
import type { ReplyQueue, ReplySink, Times } from './connection/reply-queue.ts';
import type { RequestQueue } from './connection/request-queue.ts';
import { createWindow } from './connection/window.ts';
import { createLatency, type Latency } from './latency.ts';
import { createLongRequests } from './long/long-requests.ts';
import { createSharedMemoryPool } from './long/shared-memory-pool.ts';

/** A frame of more bytes than this, header included, travels by itself: it would fill a batch, and hold up small ones. */
export const LONG_FRAME_BYTES: number = 48 * 1024;

/** As AgentOptions has them. */
export type DispatcherOptions = {
  maxRequests?: number;
  maxBytes?: number;
  queueTimeoutMs?: number;
  runTimeoutMs?: number;
  cancelGraceMs?: number;
};

/** Counted since the start. */
export type DispatcherCounts = Cancellation['counts'] & {
  /** Requests that have an outcome, whichever. */
  done: number;
  /** Told that the agent was busy. */
  refused: number;
};

/** What of a pool is needed here. */
export type DispatchPool = Pick<
  Pool,
  | 'slots'
  | 'kind'
  | 'maxThreads'
  | 'hasRoom'
  | 'run'
  | 'runLong'
  | 'cancel'
  | 'replace'
  | 'isLost'
  | 'setStuck'
  | 'addOpen'
  | 'listen'
>;

export type Dispatcher = {
  open(end: ReplySink): Conversation;
  /** Memory for a frame that does not come in one piece; a long one that stands in it need not be copied. */
  allocate(bytes: number): Buffer;
  /** Requests, over all lanes, that have been read and have no outcome yet. */
  readonly requests: number;
  /** How many of these no thread has begun. */
  readonly waiting: number;
  readonly counts: DispatcherCounts;
  readonly latency: Latency;
  /** Tells the handlers of all that runs to come to an end; what does not in time has its thread replaced. */
  abortAll(why: LaunchpoolError): void;
  /** Stops looking after what is under way. */
  stop(): void;
};

export function createDispatcher(pool: DispatchPool, options: DispatcherOptions = {}): Dispatcher {
  const { maxRequests = 16_384, maxBytes = 256 * 1024 * 1024, queueTimeoutMs = 0, runTimeoutMs = 0 } = options;
  const hasTimeouts = queueTimeoutMs > 0 || runTimeoutMs > 0;
  const slots = createSlotPool(pool.slots);
  const batcher = createBatcher(slots, pool.maxThreads > 1);
  const window = createWindow();
  const memory = createSharedMemoryPool();
  const latency = createLatency();
  const inFlightBatches = createInFlightBatches({ pool, slots, batcher, window, schedule });
  const isRaw = (): boolean => inFlightBatches.kind === 'raw';
  const long = createLongRequests({ pool, memory, isRaw, onRoom: schedule });
  const replyQueues = new Set<ReplyQueue>();
  /** In which something waits. */
  const waiting = new Set<RequestQueue>();
  let loading: Promise<unknown> | undefined;
  let pumping = false;
  let done = 0;

  const admission = createAdmission({
    maxRequests,
    maxBytes,
    expectedMs: (requests) => batcher.expectedUs(requests) / 1000 / Math.max(1, pool.maxThreads),
    // Whoever reads, stops, or goes on.
    onChange: () => {
      for (const { end } of replyQueues) end.settled();
    },
  });
  const cancellation = createCancellation({
    pool,
    batcher,
    inFlightBatches: inFlightBatches.open,
    long,
    waiting,
    pending: () => admission.requests,
    isRaw,
    knowsKind: () => inFlightBatches.kind !== undefined,
    queueTimeoutMs,
    runTimeoutMs,
    cancelGraceMs: options.cancelGraceMs ?? 1_000,
  });

  /** Hands batches on at the end of this turn of the event loop, when all that came in it has been gathered. */
  function schedule(): void {
    if (pumping) return;
    pumping = true;
    setImmediate(pump);
  }

  function pump(): void {
    pumping = false;
    long.pump();
    while (pool.hasRoom()) {
      const batch = batcher.take();
      if (batch === undefined) return;
      inFlightBatches.dispatch(batch);
    }
  }

  pool.listen({
    onLateReplies(outcomes) {
      for (const lateReply of outcomes)
        if (!long.settle(lateReply.ticket, lateReply)) inFlightBatches.settle(lateReply);
      // A thread may have come below its bound.
      schedule();
    },
    onThreadGone(thread, error) {
      inFlightBatches.lose(thread, error);
      long.lose(thread, error);
      schedule();
    },
    onRoom: schedule,
  });

  function start(replyQueue: ReplyQueue, run: Buffer, frames: number, times: Times): void {
    const group = replyQueue.open(frames, run.length, times);
    batcher.add({ replyQueue, group, first: 0, count: frames }, run);
    schedule();
    if (hasTimeouts) cancellation.startTimer();
  }

  function startLong(replyQueue: ReplyQueue, payload: Buffer, times: Times): void {
    long.add(replyQueue, payload, times);
    schedule();
    if (hasTimeouts) cancellation.startTimer();
  }

  /** Once for all who ask: each task may start another thread. */
  function load(): Promise<unknown> {
    loading ??= pool
      .run(null)
      .catch(() => undefined)
      .finally(() => {
        loading = undefined;
      });
    return loading;
  }

  const conversationOptions: ConversationOptions = {
    kind: () => inFlightBatches.kind,
    // Of a module that no thread has loaded, nobody knows.
    knowsKind: async () => {
      if (inFlightBatches.kind === undefined) await load();
    },
    admission,
    onOutcome(ms, requests) {
      done += requests;
      if (ms !== undefined) latency.record(ms, requests);
    },
    requestQueue: {
      window: () => window.requests,
      admission,
      isRpc: () => inFlightBatches.kind === 'rpc',
      longFrameBytes: LONG_FRAME_BYTES,
      start,
      startLong,
      waiting,
    },
    replyQueues,
    onDue: cancellation.startTimer,
    cancel: cancellation.cancel,
    hangUp: cancellation.hangUp,
  };

  return {
    open: (end) => createConversation(end, conversationOptions),
    allocate: (bytes) =>
      bytes > LONG_FRAME_BYTES ? Buffer.from(memory.allocate(bytes)) : Buffer.allocUnsafeSlow(bytes),
    get requests() {
      return admission.requests;
    },
    get waiting() {
      let requests = batcher.frames + inFlightBatches.notStarted + long.notStarted;
      for (const requestQueue of waiting) requests += requestQueue.waiting;
      return requests;
    },
    get counts() {
      return { ...cancellation.counts, done, refused: admission.refused };
    },
    latency,
    abortAll: cancellation.abortAll,
    stop() {
      cancellation.stop();
      inFlightBatches.stop();
      long.stop();
    },
  };
}
