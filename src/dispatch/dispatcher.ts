/** Takes requests from the lanes to the threads, and what became of them back to the lanes. */
import type { LaunchpoolError } from '../../wire/errors.ts';
import type { Pool } from '../pool/pool.ts';
import { createBatcher } from './batch/batcher.ts';
import { createFlights } from './batch/in-flight-batches.ts';
import { createFreeSlots } from './batch/slot-pool.ts';
import { createWithdrawals, type Withdrawals } from './cancel/cancellation.ts';
import { createAdmission } from './connection/admission.ts';
import { createPassage, type Passage, type PassageOptions } from './connection/conversation.ts';
import type { Lane, LaneEnd, Times } from './connection/reply-queue.ts';
import type { Entrance } from './connection/request-queue.ts';
import { createWindow } from './connection/window.ts';
import { createLatency, type Latency } from './latency.ts';
import { createLongRequests } from './long/long-requests.ts';
import { createLongMemory } from './long/shared-memory-pool.ts';

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
export type DispatcherCounts = Withdrawals['counts'] & {
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
  | 'mostThreads'
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
  open(end: LaneEnd): Passage;
  /** Memory for a frame that does not come in one piece; a long one that stands in it need not be copied. */
  allocate(bytes: number): Buffer;
  /** Requests, over all lanes, that have been read and have no outcome yet. */
  readonly requests: number;
  /** How many of these no thread has begun. */
  readonly waiting: number;
  readonly counts: DispatcherCounts;
  readonly latency: Latency;
  /** Tells the handlers of all that runs to come to an end; what does not in time has its thread replaced. */
  warnAll(why: LaunchpoolError): void;
  /** Stops looking after what is under way. */
  stop(): void;
};

export function createDispatcher(pool: DispatchPool, options: DispatcherOptions = {}): Dispatcher {
  const { maxRequests = 16_384, maxBytes = 256 * 1024 * 1024, queueTimeoutMs = 0, runTimeoutMs = 0 } = options;
  const hasTimeouts = queueTimeoutMs > 0 || runTimeoutMs > 0;
  const slots = createFreeSlots(pool.slots);
  const batcher = createBatcher(slots, pool.mostThreads > 1);
  const window = createWindow();
  const memory = createLongMemory();
  const latency = createLatency();
  const flights = createFlights({ pool, slots, batcher, window, schedule });
  const isRaw = (): boolean => flights.kind === 'raw';
  const long = createLongRequests({ pool, memory, isRaw, onRoom: schedule });
  const lanes = new Set<Lane>();
  /** In which something waits. */
  const waiting = new Set<Entrance>();
  let loading: Promise<unknown> | undefined;
  let pumping = false;
  let done = 0;

  const admission = createAdmission({
    maxRequests,
    maxBytes,
    expectedMs: (requests) => batcher.expectedUs(requests) / 1000 / Math.max(1, pool.mostThreads),
    // Whoever reads, stops, or goes on.
    onChange: () => {
      for (const { end } of lanes) end.settled();
    },
  });
  const withdrawals = createWithdrawals({
    pool,
    batcher,
    flights: flights.open,
    long,
    waiting,
    pending: () => admission.requests,
    isRaw,
    knowsKind: () => flights.kind !== undefined,
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
      flights.fly(batch);
    }
  }

  pool.listen({
    onAsides(outcomes) {
      for (const aside of outcomes) if (!long.settle(aside.ticket, aside)) flights.settle(aside);
      // A thread may have come below its bound.
      schedule();
    },
    onThreadGone(thread, error) {
      flights.lose(thread, error);
      long.lose(thread, error);
      schedule();
    },
    onRoom: schedule,
  });

  function begin(lane: Lane, run: Buffer, frames: number, times: Times): void {
    const segment = lane.open(frames, run.length, times);
    batcher.add({ lane, segment, first: 0, count: frames }, run);
    schedule();
    if (hasTimeouts) withdrawals.watch();
  }

  function beginLong(lane: Lane, payload: Buffer, times: Times): void {
    long.add(lane, payload, times);
    schedule();
    if (hasTimeouts) withdrawals.watch();
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

  const passages: PassageOptions = {
    kind: () => flights.kind,
    // Of a module that no thread has loaded, nobody knows.
    knowsKind: async () => {
      if (flights.kind === undefined) await load();
    },
    admission,
    onOutcome(ms, requests) {
      done += requests;
      if (ms !== undefined) latency.record(ms, requests);
    },
    entrance: {
      window: () => window.requests,
      admission,
      isRpc: () => flights.kind === 'rpc',
      longFrameBytes: LONG_FRAME_BYTES,
      begin,
      beginLong,
      waiting,
    },
    lanes,
    onDue: withdrawals.watch,
    cancel: withdrawals.cancel,
    hangUp: withdrawals.hangUp,
  };

  return {
    open: (end) => createPassage(end, passages),
    allocate: (bytes) =>
      bytes > LONG_FRAME_BYTES ? Buffer.from(memory.allocate(bytes)) : Buffer.allocUnsafeSlow(bytes),
    get requests() {
      return admission.requests;
    },
    get waiting() {
      let requests = batcher.frames + flights.untouched + long.untouched;
      for (const entrance of waiting) requests += entrance.waiting;
      return requests;
    },
    get counts() {
      return { ...withdrawals.counts, done, refused: admission.refused };
    },
    latency,
    warnAll: withdrawals.warnAll,
    stop() {
      withdrawals.stop();
      flights.stop();
      long.stop();
    },
  };
}
