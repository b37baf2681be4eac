/** Requests that are too long for a batch: each is a task of its own, in shared memory of its own. */
import { type LaunchpoolError, toPlain } from '../../wire/errors.ts';
import type { Outcome } from '../../workers/task.ts';
import type { Pool } from '../pool/pool.ts';
import { errorsFor } from './flight.ts';
import type { Lane, Segment } from './lane.ts';

type LongRequest = { ticket: number; lane: Lane; segment: Segment; payload: Buffer; thread: number };

export type LongRequests = {
  /** Takes a request; its payload is read during the call and not kept. */
  add(lane: Lane, payload: Buffer): void;
  /** Hands on what threads have room for. */
  pump(): void;
  /** Settles the request with this ticket, if there is one. */
  settle(ticket: number, outcome: Outcome): boolean;
  /** A thread is gone, and with it what it had open. */
  lose(thread: number, error: LaunchpoolError): void;
};

/** @param isRaw whether a request that is lost closes its connection, or is answered with an error. */
export function createLongRequests(pool: Pool, isRaw: () => boolean, onRoom: () => void): LongRequests {
  const waiting: LongRequest[] = [];
  const underWay = new Map<number, LongRequest>();
  let lastTicket = 0;

  function run(request: LongRequest): void {
    pool.run({ ticket: request.ticket, request: request.payload }).then(
      (thread) => {
        request.thread = thread;
        if (underWay.has(request.ticket)) pool.addOpen(thread, 1);
        onRoom();
      },
      (error) => {
        fail(request, error);
        onRoom();
      },
    );
  }

  function settle(ticket: number, { reply, failure }: Outcome): boolean {
    const request = underWay.get(ticket);
    if (request === undefined) return false;
    underWay.delete(ticket);
    if (request.thread !== 0) pool.addOpen(request.thread, -1);
    request.lane.settle(request.segment, 0, 1, reply, failure);
    return true;
  }

  function fail({ ticket, payload }: LongRequest, error: LaunchpoolError): void {
    const plain = toPlain(error);
    settle(ticket, isRaw() ? { failure: plain } : errorsFor(payload, plain));
  }

  return {
    add(lane, payload) {
      // Tickets of batches are positive.
      lastTicket -= 1;
      const memory = Buffer.from(new SharedArrayBuffer(payload.length));
      payload.copy(memory);
      const segment = lane.open(1, payload.length);
      const request: LongRequest = { ticket: lastTicket, lane, segment, payload: memory, thread: 0 };
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
