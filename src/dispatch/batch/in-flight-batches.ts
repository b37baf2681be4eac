/** The batches on their way: handed to threads, watched, and settled; with what became of those whose thread died. */
import type { LaunchpoolError } from '../../../wire/errors.ts';
import { KIND_RAW, KIND_UNKNOWN } from '../../../workers/slot.ts';
import type { AgentKind, Aside } from '../../../workers/task.ts';
import type { Pool } from '../../pool/pool.ts';
import type { Window } from '../connection/window.ts';
import { createWatch } from '../stall-detector.ts';
import type { Batch, Batcher } from './batcher.ts';
import { createFlight, type Flight } from './in-flight-batch.ts';
import type { FreeSlots } from './slot-pool.ts';
import { createSpin } from './spin-wait.ts';

/** So many threads may die before they begin a batch; then its requests are answered with an error. */
const MOST_DEATHS = 100;

export type FlightsOptions = {
  pool: Pick<Pool, 'kind' | 'run' | 'isLost' | 'setStuck' | 'addOpen'>;
  slots: FreeSlots;
  batcher: Batcher;
  window: Window;
  /** Called when there may be something to hand on, or somebody to hand it to. */
  schedule: () => void;
};

export type Flights = {
  /** Those of which something is not settled, by their tickets. */
  readonly open: ReadonlyMap<number, Flight>;
  /** What the module is, as soon as a thread has begun on something. */
  readonly kind: AgentKind | undefined;
  fly(batch: Batch): void;
  /** An outcome was told aside. */
  settle(aside: Aside): void;
  /** A thread is gone, and with it what it owed. */
  lose(thread: number, error: LaunchpoolError): void;
  stop(): void;
  /** How many requests are with a thread that has not begun them. */
  readonly untouched: number;
};

export function createFlights({ pool, slots, batcher, window, schedule }: FlightsOptions): Flights {
  const open = new Map<number, Flight>();
  /** Those of them that are with a worker. */
  const flying = new Set<Flight>();
  const watch = createWatch(flying, onStuck);
  const spin = createSpin(flying, (flight) => window.learn(flight.collect()));
  let kind: AgentKind | undefined;

  function isRaw(): boolean {
    kind ??= pool.kind;
    return kind === 'raw';
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
    // A thread that could not be ended may write to it for ever.
    if (!pool.isLost(batch.slot.index)) slots.release(batch.slot);
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
    if (flight.owed === 0 && !flying.has(flight)) open.delete(flight.batch.ticket);
  }

  return {
    open,
    get kind() {
      return kind ?? pool.kind;
    },
    fly(batch) {
      const flight = createFlight(batch, () => slots.keepOf(batch.slot));
      open.set(batch.ticket, flight);
      flying.add(flight);
      watch.start();
      spin.follow(flight, batcher.expectedUs(batch.frames));
      pool.run(batch.slot.index).then(
        (us) => {
          onLanded(flight);
          // What was not begun has cost nothing.
          batcher.learn(us, Math.max(0, flight.frames - batch.dropped));
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
    },
    settle({ ticket, index, ...outcome }) {
      const flight = open.get(ticket);
      if (flight === undefined) return;
      if (flight.settle(index, outcome) && !flying.has(flight)) pool.addOpen(flight.thread, -1);
      forget(flight);
    },
    lose(thread, error) {
      for (const flight of open.values()) {
        if (flight.thread !== thread || flying.has(flight)) continue;
        flight.lose(error, isRaw());
        forget(flight);
      }
    },
    stop() {
      watch.stop();
      spin.stop();
    },
    get untouched() {
      let frames = 0;
      for (const flight of flying) frames += flight.untouched;
      return frames;
    },
  };
}
