/** Takes requests from the lanes to the threads, and what became of them back to the lanes. */
import { KIND_RAW, KIND_UNKNOWN } from '../../workers/slot.ts';
import type { AgentKind } from '../../workers/task.ts';
import type { Pool } from '../pool/pool.ts';
import { type Batch, createBatcher } from './batcher.ts';
import { createFlight, type Flight } from './flight.ts';
import { createFreeSlots } from './free-slots.ts';
import type { Lane, LaneEnd } from './lane.ts';
import { createLongMemory } from './long-memory.ts';
import { createLongRequests } from './long-requests.ts';
import { createPassage, type Passage, type PassageOptions } from './passage.ts';
import { createSpin } from './spin.ts';
import { createWatch } from './watch.ts';
import { createWindow } from './window.ts';

/** A frame of more bytes than this, header included, travels by itself: it would fill a batch, and hold up small ones. */
export const LONG_FRAME_BYTES: number = 48 * 1024;
/** So many threads may die before they begin a batch; then its requests are answered with an error. */
const MOST_DEATHS = 100;

export type Dispatcher = {
  open(end: LaneEnd): Passage;
  /** Memory for a frame that does not come in one piece; a long one that stands in it need not be copied. */
  allocate(bytes: number): Buffer;
  /** Requests, over all lanes, that have been begun and have no outcome yet. */
  readonly requests: number;
  /** Stops looking after what is under way. */
  stop(): void;
};

export function createDispatcher(pool: Pool): Dispatcher {
  const slots = createFreeSlots(pool.slots);
  const batcher = createBatcher(slots, pool.mostThreads > 1);
  /** Batches of which something is not settled, by their tickets. */
  const flights = new Map<number, Flight>();
  /** Those of them that are with a worker. */
  const flying = new Set<Flight>();
  const watch = createWatch(flying, onStuck);
  const spin = createSpin(flying, (flight) => window.learn(flight.collect()));
  const window = createWindow();
  const memory = createLongMemory();
  const long = createLongRequests({ pool, memory, isRaw, onRoom: schedule });
  let kind: AgentKind | undefined;
  let pumping = false;
  const lanes = new Set<Lane>();

  function isRaw(): boolean {
    kind ??= pool.kind;
    return kind === 'raw';
  }

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
      fly(batch);
    }
  }

  function fly(batch: Batch): void {
    const flight = createFlight(batch, () => slots.keepOf(batch.slot));
    flights.set(batch.ticket, flight);
    flying.add(flight);
    watch.start();
    spin.follow(flight, batcher.expectedUs(batch.frames));
    pool.run(batch.slot.index).then(
      (us) => {
        onLanded(flight);
        batcher.learn(us, flight.frames);
      },
      (error) => {
        learnKind(flight);
        // What ends a thread while it loads the module would end an endless row of them.
        const { pieces } = flight.batch;
        if (flight.thread === 0) for (const piece of pieces) piece.deaths = (piece.deaths ?? 0) + 1;
        onLanded(flight, (kind ?? pool.kind) !== undefined && pieces.every(({ deaths = 0 }) => deaths < MOST_DEATHS));
        flight.lose(error, isRaw());
        forget(flight);
      },
    );
  }

  /** The worker is done with the batch, or its thread is gone. */
  function onLanded(flight: Flight, mayRepeat = true): void {
    const { batch } = flight;
    learnKind(flight);
    if (mayRepeat) putBack(flight);
    window.learn(flight.collect());
    flying.delete(flight);
    pool.setStuck(flight.thread, false);
    flight.land();
    slots.release(batch.slot);
    pool.addOpen(flight.thread, flight.owed);
    forget(flight);
    schedule();
  }

  /** The slot may tell before the thread's message has come. */
  function learnKind({ batch: { slot } }: Flight): void {
    if (slot.kind !== KIND_UNKNOWN) kind = slot.kind === KIND_RAW ? 'raw' : 'rpc';
  }

  function onStuck(flight: Flight): void {
    learnKind(flight);
    // The first thread takes its time to start and to load the module; another one would not be faster.
    if (kind === undefined && flight.thread === 0) return;
    putBack(flight);
    flight.collect();
    if (flight.thread !== 0) pool.setStuck(flight.thread, true);
    schedule();
  }

  /** What has not been begun goes with another batch. */
  function putBack(flight: Flight): void {
    const untouched = flight.recall();
    if (untouched !== undefined) batcher.putBack(untouched.pieces, untouched.bytes);
  }

  function forget(flight: Flight): void {
    if (flight.owed === 0 && !flying.has(flight)) flights.delete(flight.batch.ticket);
  }

  pool.listen({
    onAsides(outcomes) {
      for (const { ticket, index, ...outcome } of outcomes) {
        if (long.settle(ticket, outcome)) continue;
        const flight = flights.get(ticket);
        if (flight === undefined) continue;
        if (flight.settle(index, outcome) && !flying.has(flight)) pool.addOpen(flight.thread, -1);
        forget(flight);
      }
      // A thread may have come below its bound.
      schedule();
    },
    onThreadGone(thread, error) {
      for (const flight of flights.values()) {
        if (flight.thread !== thread || flying.has(flight)) continue;
        flight.lose(error, isRaw());
        forget(flight);
      }
      long.lose(thread, error);
      schedule();
    },
    onRoom: schedule,
  });

  function begin(lane: Lane, run: Buffer, frames: number): void {
    const segment = lane.open(frames, run.length);
    batcher.add({ lane, segment, first: 0, count: frames }, run);
    schedule();
  }

  function beginLong(lane: Lane, payload: Buffer): void {
    long.add(lane, payload);
    schedule();
  }

  const passages: PassageOptions = {
    isRaw,
    // Of a module that no thread has loaded, nobody knows.
    knowsKind: async () => {
      if ((kind ?? pool.kind) === undefined) await pool.run(null).catch(() => undefined);
    },
    entrance: { window: () => window.requests, longFrameBytes: LONG_FRAME_BYTES, begin, beginLong },
    lanes,
  };

  return {
    open: (end) => createPassage(end, passages),
    allocate: (bytes) =>
      bytes > LONG_FRAME_BYTES ? Buffer.from(memory.allocate(bytes)) : Buffer.allocUnsafeSlow(bytes),
    get requests() {
      let sum = 0;
      for (const lane of lanes) sum += lane.requests;
      return sum;
    },
    stop() {
      watch.stop();
      spin.stop();
    },
  };
}
