/** Requests that are too long for a batch: each is a task of its own, in shared memory of its own. */
import { type LaunchpoolError, toPlain } from '../../wire/errors.ts';
import { SHORT_HEADER_BYTES } from '../../wire/frame.ts';
import type { Outcome } from '../../workers/task.ts';
import type { Pool } from '../pool/pool.ts';
import { errorsFor } from './flight.ts';
import type { Lane, Segment } from './lane.ts';
import type { LongMemory } from './long-memory.ts';

/** The payload is a view of the memory. */
type LongRequest = {
  ticket: number;
  lane: Lane;
  segment: Segment;
  payload: Buffer<SharedArrayBuffer>;
  thread: number;
};

export type LongRequests = {
  /** Takes a request. Its payload is read during the call and not kept, unless it stands in long memory: then for good. */
  add(lane: Lane, payload: Buffer): void;
  /** Hands on what threads have room for. */
  pump(): void;
  /** Settles the request with this ticket, if there is one. */
  settle(ticket: number, outcome: Outcome): boolean;
  /** A thread is gone, and with it what it had open. */
  lose(thread: number, error: LaunchpoolError): void;
};

export type LongRequestsOptions = {
  pool: Pool;
  memory: LongMemory;
  /** Whether a request that is lost closes its connection, or is answered with an error. */
  isRaw: () => boolean;
  /** Called when a thread may have room again. */
  onRoom: () => void;
};

export function createLongRequests({ pool, memory, isRaw, onRoom }: LongRequestsOptions): LongRequests {
  const waiting: LongRequest[] = [];
  const underWay = new Map<number, LongRequest>();
  let lastTicket = 0;

  function run(request: LongRequest): void {
    const { ticket, payload } = request;
    pool.runLong({ ticket, request: payload }).then(
      ({ thread, place }) => {
        if (place !== undefined) settle(ticket, { place });
        request.thread = thread;
        if (underWay.has(ticket)) pool.addOpen(thread, 1);
        onRoom();
      },
      (error) => {
        fail(request, error);
        onRoom();
      },
    );
  }

  function take(ticket: number): LongRequest | undefined {
    const request = underWay.get(ticket);
    underWay.delete(ticket);
    if (request !== undefined && request.thread !== 0) pool.addOpen(request.thread, -1);
    return request;
  }

  function settle(ticket: number, { reply, place, failure }: Outcome): boolean {
    const request = take(ticket);
    if (request === undefined) return false;
    const { buffer } = request.payload;
    const frames = place === undefined ? reply : Buffer.from(buffer, place.from, place.to - place.from);
    let kept = false;
    const release = (): void => memory.release(buffer);
    const keep = (): (() => void) => {
      kept = true;
      return release;
    };
    request.lane.settle(request.segment, 0, 1, { frames, failure, keep });
    if (!kept) release();
    return true;
  }

  /** The memory is not used again: a thread that is ending may still write to it. */
  function fail({ ticket }: LongRequest, error: LaunchpoolError): void {
    const request = take(ticket);
    if (request === undefined) return;
    const plain = toPlain(error);
    const { reply, failure } = isRaw() ? { failure: plain } : errorsFor(request.payload, plain);
    request.lane.settle(request.segment, 0, 1, { frames: reply, failure });
  }

  function copied(payload: Buffer): Buffer<SharedArrayBuffer> {
    // The reply, with its header, is likely to be as long.
    const copy = Buffer.from(memory.allocate(payload.length + SHORT_HEADER_BYTES), 0, payload.length);
    payload.copy(copy);
    return copy;
  }

  return {
    add(lane, payload) {
      // Tickets of batches are positive.
      lastTicket -= 1;
      const segment = lane.open(1, payload.length);
      const shared = isShared(payload) ? payload : copied(payload);
      const request: LongRequest = { ticket: lastTicket, lane, segment, payload: shared, thread: 0 };
      underWay.set(lastTicket, request);
      waiting.push(request);
    },
    pump() {
      while (waiting.length > 0 && pool.hasRoom()) run(waiting.shift() as LongRequest);
    },
    settle,
    lose(thread, error) {
      for (const request of underWay.values()) if (request.thread === thread) fail(request, error);
    },
  };
}

function isShared(payload: Buffer): payload is Buffer<SharedArrayBuffer> {
  return payload.buffer instanceof SharedArrayBuffer;
}
