/** The batches that workers have: handed over, checked for progress, and settled; also when their thread exits. */
import type { LaunchpoolError } from '../../../wire/errors.ts';
import type { LateReply } from '../../../workers/task.ts';
import type { Pool } from '../../pool/pool.ts';
import type { OpenRequest, RequestSource } from '../cancel/open-requests.ts';
import { StartedRequests } from '../cancel/started-requests.ts';
import { createSpinWait } from '../spin-wait.ts';
import { createStallDetector } from '../stall-detector.ts';
import type { Batch } from './batch.ts';
import type { Batcher } from './batcher.ts';
import { createInFlightBatch } from './dispatched-batch.ts';
import type { InFlightBatch } from './in-flight-batch.ts';
import type { SlotPool } from './slot-pool.ts';

/** When this many threads have exited before they started a batch, its requests fail. */
const MAX_DEATHS = 100;

export type InFlightBatchesOptions = {
  pool: Pick<Pool, 'kind' | 'hasLoaded' | 'run' | 'isLost' | 'setStuck' | 'addOpen' | 'addOrphans'>;
  slots: SlotPool;
  batcher: Batcher;
  /** Called when requests may be waiting for a worker, or a worker may have room. */
  schedule: () => void;
};

export type InFlightBatches = RequestSource & {
  /** Hands a batch to a worker. */
  dispatch(batch: Batch): void;
  /** An open request of a batch that a worker has started. */
  find(ticket: number, index: number): OpenRequest | undefined;
  /** Settles a request with an outcome that came after its batch. */
  settle(lateReply: LateReply): void;
  /** Fails the requests that an exited thread still had. */
  fail(thread: number, error: LaunchpoolError): void;
  /** Notes the time at which frames started, for those that started since the last call. */
  observeStarts(now: number, onStarted: (started: StartedRequests) => void): void;
  stop(): void;
  /** How many requests are with a worker that has not started them. */
  readonly notStarted: number;
};

export function createInFlightBatches(options: InFlightBatchesOptions): InFlightBatches {
  const { pool, slots, batcher, schedule } = options;
  /** Those with unsettled frames, by their tickets. */
  const open = new Map<number, InFlightBatch>();
  /** Those of them that a worker has not completed. */
  const atWorkers = new Set<InFlightBatch>();
  /** The others of them that have not been observed since. */
  const completed = new Set<InFlightBatch>();
  const stallDetector = createStallDetector(atWorkers, onStuck, () => batcher.expectedUs(1) / 1000);
  const spinWait = createSpinWait(atWorkers, (inFlight) => inFlight.collect());
  /** The worker is done with the batch, or its thread has exited. */
  function onCompleted(inFlight: InFlightBatch, mayRepeat = true): void {
    const { batch } = inFlight;
    if (mayRepeat) putBack(inFlight);
    inFlight.collect();
    atWorkers.delete(inFlight);
    pool.setStuck(inFlight.thread, false);
    inFlight.complete();
    // A thread that does not end may write to its slot at any time.
    if (!pool.isLost(batch.slot.index)) slots.release(batch.slot);
    pool.addOpen(inFlight.thread, inFlight.unsettled);
    completed.add(inFlight);
    forget(inFlight);
    schedule();
  }

  function onStuck(inFlight: InFlightBatch): void {
    // The first thread is still starting or loading the module; another thread would not be faster.
    if (!pool.hasLoaded && inFlight.thread === 0) return;
    putBack(inFlight);
    inFlight.collect();
    if (inFlight.thread !== 0) pool.setStuck(inFlight.thread, true);
    schedule();
  }

  /** Frames that have not started go with another batch. */
  function putBack(inFlight: InFlightBatch): void {
    const notStarted = inFlight.takeBack();
    if (notStarted !== undefined) batcher.putBack(notStarted.ranges, notStarted.bytes);
  }

  function onFailed(inFlight: InFlightBatch, error: LaunchpoolError): void {
    const { ranges } = inFlight.batch;
    if (inFlight.thread === 0) for (const range of ranges) range.deaths = (range.deaths ?? 0) + 1;
    // A module that no thread has loaded may end every thread that loads it.
    const mayRepeat = pool.hasLoaded && ranges.every(({ deaths = 0 }) => deaths < MAX_DEATHS);
    onCompleted(inFlight, mayRepeat);
    inFlight.fail(error, pool.kind === 'raw');
    forget(inFlight);
  }

  function forget(inFlight: InFlightBatch): void {
    if (inFlight.unsettled > 0 || atWorkers.has(inFlight)) return;
    open.delete(inFlight.batch.ticket);
    completed.delete(inFlight);
  }

  function observeStart(inFlight: InFlightBatch, now: number, onStarted: (started: StartedRequests) => void): void {
    const started = inFlight.observeStarts(now);
    if (started !== undefined) onStarted(new StartedRequests(now, started));
  }

  return {
    dispatch(batch) {
      const inFlight = createInFlightBatch(batch, () => slots.retainerOf(batch.slot));
      open.set(batch.ticket, inFlight);
      atWorkers.add(inFlight);
      stallDetector.start();
      spinWait.follow(inFlight.frames, batcher.expectedUs(batch.frames));
      pool.run(batch.slot.index, batch.isExtra).then(
        (us) => {
          onCompleted(inFlight);
          // Only frames that started took time.
          batcher.learn(us, Math.max(0, inFlight.frames - batch.cancelled));
        },
        (error) => onFailed(inFlight, error),
      );
    },
    find: (ticket, index) => open.get(ticket)?.requestOf(index),
    settle({ ticket, index, ...outcome }) {
      const inFlight = open.get(ticket);
      if (inFlight === undefined) return;
      if (inFlight.settle(index, outcome) && !atWorkers.has(inFlight)) {
        if (inFlight.isOrphan(index)) pool.addOrphans(inFlight.thread, -1);
        pool.addOpen(inFlight.thread, -1);
      }
      forget(inFlight);
    },
    fail(thread, error) {
      for (const inFlight of open.values()) {
        if (inFlight.thread !== thread || atWorkers.has(inFlight)) continue;
        inFlight.fail(error, pool.kind === 'raw');
        forget(inFlight);
      }
    },
    observeStarts(now, onStarted) {
      // The start of every frame of a batch is noted when its worker has completed it.
      for (const inFlight of atWorkers) observeStart(inFlight, now, onStarted);
      for (const inFlight of completed) observeStart(inFlight, now, onStarted);
      completed.clear();
    },
    visit(visitor) {
      for (const inFlight of open.values()) inFlight.visit(visitor);
    },
    stop() {
      stallDetector.stop();
      spinWait.stop();
    },
    get notStarted() {
      let frames = 0;
      for (const inFlight of atWorkers) frames += inFlight.notStarted;
      return frames;
    },
  };
}
