/** Connects the parts of dispatch: from the requests of connections to the threads, and back to the replies. */
import type { LateReply } from '../../workers/task.ts';
import { createBatcher } from './batch/batcher.ts';
import { createInFlightBatches } from './batch/in-flight-batches.ts';
import { createSlotPool } from './batch/slot-pool.ts';
import { shareOf } from './batch-size.ts';
import { createCancellation } from './cancel/cancellation.ts';
import { createAdmission } from './connection/admission.ts';
import { contain } from './connection/containment.ts';
import { createConversation } from './connection/conversation.ts';
import type { ConversationOptions } from './connection/conversation-options.ts';
import { MethodLimits } from './connection/method-limits.ts';
import type { OpenRequest } from './connection/open-request.ts';
import type { ReplyQueue } from './connection/reply-queue.ts';
import type { RequestQueue } from './connection/request-queue-options.ts';
import { windowOf } from './connection/window.ts';
import type { Dispatcher, DispatcherOptions, DispatchPool } from './dispatcher-options.ts';
import { fillExtraPlaces } from './extra-places.ts';
import { createLatency } from './latency.ts';
import { collectGarbage } from './long/collect-garbage.ts';
import { createLongRequests } from './long/long-requests.ts';
import { createSharedMemoryPool } from './long/shared-memory-pool.ts';
import { MethodGate } from './methods/method-gate.ts';
import { createReplyCredit } from './reply-credit.ts';
import { oncePerTurn } from './scheduling.ts';
import { createStarting } from './starting.ts';
import { giveMore, passItems, sendPart } from './stream/streams.ts';

/** A frame of more bytes than this, header included, is a long request: it would fill a batch, and delay short ones. */
export const LONG_FRAME_BYTES: number = 48 * 1024;

export function createDispatcher(pool: DispatchPool, options: DispatcherOptions = {}): Dispatcher {
  const { maxRequests = 16_384, maxBytes = 256 * 1024 * 1024, queueTimeoutMs = 0, runTimeoutMs = 0 } = options;
  const replyQueues = new Set<ReplyQueue>();
  /** The request queues in which requests wait. */
  const waiting = new Set<RequestQueue>();
  const slots = createSlotPool(pool.slots);
  const share = (): number => shareOf(admission.requests, pool.maxThreads);
  const batcher = createBatcher(slots, pool.maxThreads > 1, share);
  const memory = createSharedMemoryPool({
    count: (kind, bytes) => admission.hold(kind, bytes),
    collect: collectGarbage,
    maxBytes,
  });
  const credit = createReplyCredit(pool, () => admission);
  const latency = createLatency();
  // At the end of a turn of the event loop all requests that arrived in it are in their batches.
  const schedule = oncePerTurn(pump);
  const gate = new MethodGate(schedule);
  const methodLimits = new MethodLimits();
  methodLimits.set(options.methodOptions);
  const inFlightBatches = createInFlightBatches({ pool, slots, batcher, schedule });
  const isRaw = (): boolean => pool.kind === 'raw';
  const long = createLongRequests({
    pool,
    memory,
    isRaw,
    onRoom: schedule,
    onHandedOver: (started) => cancellation.watch(started),
  });
  let done = 0;
  let mustVisit = false;
  /** Each change of fullness concerns every connection; however often it changes, they are visited once per turn. */
  const visitAll = oncePerTurn(() => {
    mustVisit = false;
    for (const { sink } of replyQueues) contain(sink, () => sink.settled());
  });

  const admission = createAdmission({
    maxRequests,
    maxBytes,
    expectedMs: (requests) => batcher.expectedUs(requests) / 1000 / Math.max(1, pool.maxThreads),
    onChange() {
      // A connection that could end by this must not: its present reply may not be sent yet.
      if (admission.isFull && !mustVisit) for (const { sink } of replyQueues) contain(sink, () => sink.balance());
      mustVisit = true;
      visitAll();
    },
    onPressure: memory.trim,
    onReplyRoom() {
      credit.giveBack();
      batcher.unpark();
      gate.unpark();
      schedule();
    },
  });
  const cancellation = createCancellation({
    pool,
    sources: [inFlightBatches, long],
    observeStarts: inFlightBatches.observeStarts,
    pending: () => admission.requests,
    isRaw,
    queueTimeoutMs,
    runTimeoutMs,
    cancelGraceMs: options.cancelGraceMs ?? 1_000,
    onBlocked: options.onBlocked,
  });

  const starting = createStarting({ batcher, long, gate, watch: cancellation.watch, schedule });
  const extraPlaces = { pool, batcher, long, gate, dispatch: inFlightBatches.dispatch };
  /** Hands batches and long requests to the threads that have room. */
  function pump(): void {
    // Unread replies go, as their clients read or are closed: onReplyRoom() comes back to this.
    if (!admission.mayStart) return;
    gate.pump();
    long.pump();
    while (pool.hasRoom()) {
      const batch = batcher.take();
      if (batch === undefined) return;
      inFlightBatches.dispatch(batch);
    }
    fillExtraPlaces(extraPlaces);
  }

  function unpark(replyQueue: ReplyQueue): void {
    const isAny = batcher.unpark(replyQueue);
    if (gate.unpark(replyQueue) || isAny || long.hasWaiting) schedule();
  }

  pool.listen({
    onLateReplies(outcomes, taken) {
      for (const lateReply of outcomes) {
        if (lateReply.stream !== undefined) sendPart(find(lateReply), lateReply);
        else if (!long.settle(lateReply.ticket, lateReply)) inFlightBatches.settle(lateReply);
      }
      credit.receive(taken);
      // The thread may have room for further asynchronous requests.
      schedule();
    },
    onThreadGone(thread, error) {
      inFlightBatches.fail(thread, error);
      long.fail(thread, error);
      schedule();
    },
    onRoom: schedule,
  });

  function find({ ticket, index }: LateReply): OpenRequest | undefined {
    return long.find(ticket) ?? inFlightBatches.find(ticket, index);
  }

  function recycle({ buffer }: Buffer): void {
    if (buffer instanceof SharedArrayBuffer) memory.recycle(buffer);
  }

  const conversationOptions: ConversationOptions = {
    isRaw,
    methodLimits,
    admission,
    onOutcome(ms, requests) {
      done += requests;
      if (ms !== undefined) latency.record(ms, requests);
    },
    requestQueue: {
      window: (expectedBytes) => windowOf(expectedBytes, pool.maxThreads),
      admission,
      isRaw,
      longFrameBytes: LONG_FRAME_BYTES,
      recycle,
      ...starting,
      onQueued: cancellation.watch,
      waiting,
    },
    replyQueues,
    unpark,
    giveMore,
    passItems: (...items) => passItems(pool, ...items),
    cancel: cancellation.cancel,
    cancelAll: cancellation.cancelAll,
  };

  return {
    open: (sink, peer) => createConversation(sink, conversationOptions, peer),
    allocate: (bytes) =>
      bytes > LONG_FRAME_BYTES ? Buffer.from(memory.allocate(bytes)) : Buffer.allocUnsafeSlow(bytes),
    recycle,
    hold: admission.hold,
    get mayStart() {
      return admission.mayStart;
    },
    get bytes() {
      return admission.bytes;
    },
    get requests() {
      return admission.requests;
    },
    get waiting() {
      let requests = gate.frames + batcher.frames + inFlightBatches.notStarted + long.notStarted;
      for (const requestQueue of waiting) requests += requestQueue.waiting;
      return requests;
    },
    get counts() {
      return { ...cancellation.counts, done, refused: admission.refused };
    },
    latency,
    setMethodOptions(options) {
      methodLimits.set(options);
      schedule();
    },
    abortAll: cancellation.abortAll,
    settleAll: (reason) => cancellation.settleAll(waiting, replyQueues, reason),
    stop() {
      cancellation.stop();
      inFlightBatches.stop();
      long.stop();
    },
  };
}
