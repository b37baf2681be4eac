/** The batches on their way: handed to threads, watched, and settled; with what became of those whose thread died. */
import type { LaunchpoolError } from '../../../wire/errors.ts';
import { KIND_RAW, KIND_UNKNOWN } from '../../../workers/slot.ts';
import type { AgentKind, LateReply } from '../../../workers/task.ts';
import type { Pool } from '../../pool/pool.ts';
import type { Window } from '../connection/window.ts';
import { createStallDetector } from '../stall-detector.ts';
import type { Batch, Batcher } from './batcher.ts';
import { createInFlightBatch, type InFlightBatch } from './in-flight-batch.ts';
import type { SlotPool } from './slot-pool.ts';
import { createSpinWait } from './spin-wait.ts';

/** So many threads may die before they begin a batch; then its requests are answered with an error. */
const MAX_DEATHS = 100;

export type InFlightBatchesOptions = {
  pool: Pick<Pool, 'kind' | 'run' | 'isLost' | 'setStuck' | 'addOpen'>;
  slots: SlotPool;
  batcher: Batcher;
  window: Window;
  /** Called when there may be something to hand on, or somebody to hand it to. */
  schedule: () => void;
};

export type InFlightBatches = {
  /** Those of which something is not settled, by their tickets. */
  readonly open: ReadonlyMap<number, InFlightBatch>;
  /** What the module is, as soon as a thread has begun on something. */
  readonly kind: AgentKind | undefined;
  dispatch(batch: Batch): void;
  /** An outcome was told aside. */
  settle(lateReply: LateReply): void;
  /** A thread is gone, and with it what it owed. */
  lose(thread: number, error: LaunchpoolError): void;
  stop(): void;
  /** How many requests are with a thread that has not begun them. */
  readonly notStarted: number;
};

export function createInFlightBatches({
  pool,
  slots,
  batcher,
  window,
  schedule,
}: InFlightBatchesOptions): InFlightBatches {
  const open = new Map<number, InFlightBatch>();
  /** Those of them that are with a worker. */
  const atWorkers = new Set<InFlightBatch>();
  const stallDetector = createStallDetector(atWorkers, onStuck);
  const spinWait = createSpinWait(atWorkers, (inFlight) => window.learn(inFlight.collect()));
  let kind: AgentKind | undefined;

  function isRaw(): boolean {
    kind ??= pool.kind;
    return kind === 'raw';
  }

  /** The worker is done with the batch, or its thread is gone. */
  function onCompleted(inFlight: InFlightBatch, mayRepeat = true): void {
    const { batch } = inFlight;
    learnKind(inFlight);
    if (mayRepeat) putBack(inFlight);
    window.learn(inFlight.collect());
    atWorkers.delete(inFlight);
    pool.setStuck(inFlight.thread, false);
    inFlight.complete();
    // A thread that could not be ended may write to it for ever.
    if (!pool.isLost(batch.slot.index)) slots.release(batch.slot);
    pool.addOpen(inFlight.thread, inFlight.owed);
    forget(inFlight);
    schedule();
  }

  /** The slot may tell before the thread's message has come. */
  function learnKind({ batch: { slot } }: InFlightBatch): void {
    if (slot.kind !== KIND_UNKNOWN) kind = slot.kind === KIND_RAW ? 'raw' : 'rpc';
  }

  function onStuck(inFlight: InFlightBatch): void {
    learnKind(inFlight);
    // The first thread takes its time to start and to load the module; another one would not be faster.
    if (kind === undefined && inFlight.thread === 0) return;
    putBack(inFlight);
    inFlight.collect();
    if (inFlight.thread !== 0) pool.setStuck(inFlight.thread, true);
    schedule();
  }

  /** What has not been begun goes with another batch. */
  function putBack(inFlight: InFlightBatch): void {
    const notStarted = inFlight.takeBack();
    if (notStarted !== undefined) batcher.putBack(notStarted.ranges, notStarted.bytes);
  }

  function forget(inFlight: InFlightBatch): void {
    if (inFlight.owed === 0 && !atWorkers.has(inFlight)) open.delete(inFlight.batch.ticket);
  }

  return {
    open,
    get kind() {
      return kind ?? pool.kind;
    },
    dispatch(batch) {
      const inFlight = createInFlightBatch(batch, () => slots.retainerOf(batch.slot));
      open.set(batch.ticket, inFlight);
      atWorkers.add(inFlight);
      stallDetector.start();
      spinWait.follow(inFlight, batcher.expectedUs(batch.frames));
      pool.run(batch.slot.index).then(
        (us) => {
          onCompleted(inFlight);
          // What was not begun has cost nothing.
          batcher.learn(us, Math.max(0, inFlight.frames - batch.cancelled));
        },
        (error) => {
          learnKind(inFlight);
          // What ends a thread while it loads the module would end an endless row of them.
          const { ranges } = inFlight.batch;
          if (inFlight.thread === 0) for (const range of ranges) range.deaths = (range.deaths ?? 0) + 1;
          onCompleted(
            inFlight,
            (kind ?? pool.kind) !== undefined && ranges.every(({ deaths = 0 }) => deaths < MAX_DEATHS),
          );
          inFlight.lose(error, isRaw());
          forget(inFlight);
        },
      );
    },
    settle({ ticket, index, ...outcome }) {
      const inFlight = open.get(ticket);
      if (inFlight === undefined) return;
      if (inFlight.settle(index, outcome) && !atWorkers.has(inFlight)) pool.addOpen(inFlight.thread, -1);
      forget(inFlight);
    },
    lose(thread, error) {
      for (const inFlight of open.values()) {
        if (inFlight.thread !== thread || atWorkers.has(inFlight)) continue;
        inFlight.lose(error, isRaw());
        forget(inFlight);
      }
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
