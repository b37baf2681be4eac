/** Requests that are too long for a batch: each is a task of its own, in shared memory of its own. */
import { type LaunchpoolError, toPlain } from '../../../wire/errors.ts';
import { SHORT_HEADER_BYTES } from '../../../wire/frame.ts';
import { CANCELLED, claimLong, type Outcome, UNCLAIMED } from '../../../workers/task.ts';
import type { Pool } from '../../pool/pool.ts';
import { errorsFor } from '../connection/error-replies.ts';
import type { ReplyQueue, RequestGroup, Times } from '../connection/reply-queue.ts';
import { createStallDetector } from '../stall-detector.ts';
import type { SharedMemoryPool } from './shared-memory-pool.ts';

/** So many threads may die before they begin a request; then it is answered with an error. */
const MAX_DEATHS = 100;

/** The payload is a view of the memory. */
export type LongRequest = {
  /** Another one each time that it is handed to a thread: what is said of an earlier time is of no more interest. */
  ticket: number;
  replyQueue: ReplyQueue;
  group: RequestGroup;
  payload: Buffer<SharedArrayBuffer>;
  /** See LongTask; likewise. */
  claim: Int32Array<SharedArrayBuffer>;
  /** The thread that has run it; 0 as long as it has not. */
  thread: number;
  /** When it was handed to a thread; undefined while it waits for one. */
  handedAt: number | undefined;
  /** How many threads have died before they began it. */
  deaths: number;
};

/** One time that a request is with a thread. */
type Handing = { request: LongRequest; isStuck(): boolean };

export type LongRequests = {
  /** Takes a request. Its payload is read during the call and not kept, unless it stands in long memory: then for good. */
  add(replyQueue: ReplyQueue, payload: Buffer, times: Times): void;
  /** Visits the requests that have no outcome yet. */
  visit(visitor: (request: LongRequest) => void): void;
  /** Has a request not be begun, if it has not been; returns the thread that has begun it, or undefined. */
  skip(request: LongRequest): number | undefined;
  /** Whether a request has no outcome yet. */
  isOpen(ticket: number): boolean;
  /** Hands on what threads have room for. */
  pump(): void;
  /** Settles the request with this ticket, if there is one. */
  settle(ticket: number, outcome: Outcome): boolean;
  /** A thread is gone, and with it what it had open. */
  lose(thread: number, error: LaunchpoolError): void;
  stop(): void;
  /** How many have not been begun. */
  readonly notStarted: number;
};

export type LongRequestsOptions = {
  pool: Pick<Pool, 'kind' | 'runLong' | 'addOpen' | 'hasRoom'>;
  memory: SharedMemoryPool;
  /** Whether a request that is lost closes its connection, or is answered with an error. */
  isRaw: () => boolean;
  /** Called when a thread may have room again. */
  onRoom: () => void;
};

export function createLongRequests({ pool, memory, isRaw, onRoom }: LongRequestsOptions): LongRequests {
  const waiting: LongRequest[] = [];
  const underWay = new Map<number, LongRequest>();
  /** Those that are with a thread. */
  const handed = new Set<Handing>();
  const stallDetector = createStallDetector(handed, onStuck);
  let lastTicket = 0;

  function run(request: LongRequest): void {
    const { ticket, payload, claim } = request;
    const handing = handingOf(request);
    handed.add(handing);
    stallDetector.start();
    request.handedAt = performance.now();
    pool
      .runLong({ ticket, request: payload, claim })
      .then(
        ({ thread, range }) => {
          if (request.ticket !== ticket) return;
          if (range !== undefined) settle(ticket, { range });
          request.thread = thread;
          if (underWay.has(ticket)) pool.addOpen(thread, 1);
        },
        (error) => {
          if (request.ticket !== ticket) return;
          request.deaths += 1;
          // Of a module that no thread has loaded, another one would die likewise.
          const mayRepeat = pool.kind !== undefined && request.deaths < MAX_DEATHS;
          if (!mayRepeat || !takeBack(request)) fail(request, error);
        },
      )
      .finally(() => {
        handed.delete(handing);
        onRoom();
      });
  }

  /** Another thread has room for what this one has not begun. */
  function onStuck({ request }: Handing): void {
    if (pool.kind !== undefined && pool.hasRoom() && takeBack(request)) onRoom();
  }

  /** Has a request go to another thread, and says whether that is possible: nobody has begun it. */
  function takeBack(request: LongRequest): boolean {
    if (!claimLong(request.claim, CANCELLED)) return false;
    underWay.delete(request.ticket);
    enter(request);
    waiting.unshift(request);
    return true;
  }

  function enter(request: LongRequest): void {
    // Tickets of batches are positive.
    lastTicket -= 1;
    request.ticket = lastTicket;
    request.claim = new Int32Array(new SharedArrayBuffer(4));
    request.handedAt = undefined;
    underWay.set(lastTicket, request);
  }

  function take(ticket: number): LongRequest | undefined {
    const request = underWay.get(ticket);
    underWay.delete(ticket);
    if (request !== undefined && request.thread !== 0) pool.addOpen(request.thread, -1);
    return request;
  }

  function settle(ticket: number, { reply, range, failure }: Outcome): boolean {
    const request = take(ticket);
    if (request === undefined) return false;
    const { buffer } = request.payload;
    const frames = range === undefined ? reply : Buffer.from(buffer, range.from, range.to - range.from);
    let retained = false;
    const release = (): void => memory.release(buffer);
    const retain = (): (() => void) => {
      retained = true;
      return release;
    };
    request.replyQueue.settle(request.group, 0, 1, { frames, failure, retain });
    if (!retained) release();
    return true;
  }

  /** The memory is not used again: a thread that is ending may still write to it. */
  function fail({ ticket }: LongRequest, error: LaunchpoolError): void {
    const request = take(ticket);
    if (request === undefined) return;
    const plain = toPlain(error);
    const { reply, failure } = isRaw() ? { failure: plain } : errorsFor(request.payload, plain);
    request.replyQueue.settle(request.group, 0, 1, { frames: reply, failure });
  }

  function copied(payload: Buffer): Buffer<SharedArrayBuffer> {
    // The reply, with its header, is likely to be as long.
    const copy = Buffer.from(memory.allocate(payload.length + SHORT_HEADER_BYTES), 0, payload.length);
    payload.copy(copy);
    return copy;
  }

  return {
    add(replyQueue, payload, times) {
      const group = replyQueue.open(1, payload.length, times);
      const shared = isShared(payload) ? payload : copied(payload);
      const request = { replyQueue, group, payload: shared, thread: 0, deaths: 0 } as LongRequest;
      enter(request);
      waiting.push(request);
    },
    pump() {
      while (waiting.length > 0 && pool.hasRoom()) run(waiting.shift() as LongRequest);
    },
    visit(visitor) {
      for (const request of underWay.values()) visitor(request);
    },
    skip(request) {
      const { ticket, claim, payload } = request;
      if (!claimLong(claim, CANCELLED)) return Atomics.load(claim, 0);
      const at = waiting.indexOf(request);
      if (at < 0) return undefined;
      waiting.splice(at, 1);
      underWay.delete(ticket);
      memory.release(payload.buffer);
      return undefined;
    },
    isOpen: (ticket) => underWay.has(ticket),
    settle,
    lose(thread, error) {
      for (const request of underWay.values()) if (request.thread === thread) fail(request, error);
    },
    stop: stallDetector.stop,
    get notStarted() {
      let requests = 0;
      for (const { claim } of underWay.values()) if (Atomics.load(claim, 0) === UNCLAIMED) requests += 1;
      return requests;
    },
  };
}

function isShared(payload: Buffer): payload is Buffer<SharedArrayBuffer> {
  return payload.buffer instanceof SharedArrayBuffer;
}

function handingOf(request: LongRequest): Handing {
  const { claim } = request;
  let checks = 0;
  return {
    request,
    isStuck() {
      checks += 1;
      return checks > 2 && request.claim === claim && Atomics.load(claim, 0) === UNCLAIMED;
    },
  };
}
