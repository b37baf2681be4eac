/** Requests that are too long for a batch: each is a task of its own, in shared memory of its own. */
import { type LaunchpoolError, toPlain } from '../../../wire/errors.ts';
import { SHORT_HEADER_BYTES } from '../../../wire/frame.ts';
import { CLAIM_CANCELLED, claimLong, type Outcome, UNCLAIMED } from '../../../workers/task.ts';
import type { Pool } from '../../pool/pool.ts';
import type { OpenRequest, RequestSource } from '../cancel/open-requests.ts';
import { errorsFor } from '../connection/error-replies.ts';
import type { ReplyQueue, RequestGroup, Times } from '../connection/reply-queue.ts';
import { createStallDetector } from '../stall-detector.ts';
import type { SharedMemoryPool } from './shared-memory-pool.ts';

/** When this many threads have exited before they started a request, the request fails. */
const MAX_DEATHS = 100;

/** The payload is a view of the memory. */
type LongRequest = {
  /** Changes with each hand-over to a thread: messages about an earlier one are ignored. */
  ticket: number;
  replyQueue: ReplyQueue;
  group: RequestGroup;
  payload: Buffer<SharedArrayBuffer>;
  /** See LongTask; changes with each hand-over too. */
  claim: Int32Array<SharedArrayBuffer>;
  /** The thread that has run it and awaits its handler; 0 before that. */
  thread: number;
  /** When it was handed to a thread; undefined while it waits for one. */
  handedAt: number | undefined;
  /** How many threads have exited before they started it. */
  deaths: number;
};

/** One hand-over of a request to a thread. */
type HandOver = { request: LongRequest; isStuck(): boolean };

export type LongRequests = RequestSource & {
  /**
   * Takes a request. Reads its payload during the call and copies it, unless it is in shared memory: that belongs to
   * the request from then on.
   */
  add(replyQueue: ReplyQueue, payload: Buffer, times: Times): void;
  /** Hands requests to the threads that have room. */
  pump(): void;
  /** Settles the request with this ticket; returns false when there is none. */
  settle(ticket: number, outcome: Outcome): boolean;
  /** Fails the requests that an exited thread still had. */
  fail(thread: number, error: LaunchpoolError): void;
  stop(): void;
  /** How many requests have not started. */
  readonly notStarted: number;
};

export type LongRequestsOptions = {
  pool: Pick<Pool, 'kind' | 'runLong' | 'addOpen' | 'hasRoom'>;
  memory: SharedMemoryPool;
  /** Whether a request that fails closes its connection, instead of getting an error reply. */
  isRaw: () => boolean;
  /** Called when a thread may have room again. */
  onRoom: () => void;
};

export function createLongRequests({ pool, memory, isRaw, onRoom }: LongRequestsOptions): LongRequests {
  const waiting: LongRequest[] = [];
  const open = new Map<number, LongRequest>();
  const handOvers = new Set<HandOver>();
  const stallDetector = createStallDetector(handOvers, onStuck);
  let lastTicket = 0;

  function run(request: LongRequest): void {
    const { ticket, payload, claim } = request;
    const handOver = handOverOf(request);
    handOvers.add(handOver);
    stallDetector.start();
    request.handedAt = performance.now();
    pool
      .runLong({ ticket, request: payload, claim })
      .then(
        ({ thread, range }) => {
          if (request.ticket !== ticket) return;
          if (range !== undefined) settle(ticket, { range });
          request.thread = thread;
          if (open.has(ticket)) pool.addOpen(thread, 1);
        },
        (error) => {
          if (request.ticket !== ticket) return;
          request.deaths += 1;
          // A module that no thread has loaded may end every thread that loads it.
          const mayRepeat = pool.kind !== undefined && request.deaths < MAX_DEATHS;
          if (!mayRepeat || !takeBack(request)) failOne(request, error);
        },
      )
      .finally(() => {
        handOvers.delete(handOver);
        onRoom();
      });
  }

  /** A request that its thread has not started goes to a thread that has room. */
  function onStuck({ request }: HandOver): void {
    if (pool.kind !== undefined && pool.hasRoom() && takeBack(request)) onRoom();
  }

  /** Takes a request back from its thread; returns false when the thread has started it. */
  function takeBack(request: LongRequest): boolean {
    if (!claimLong(request.claim, CLAIM_CANCELLED)) return false;
    open.delete(request.ticket);
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
    open.set(lastTicket, request);
  }

  function remove(ticket: number): LongRequest | undefined {
    const request = open.get(ticket);
    open.delete(ticket);
    if (request !== undefined && request.thread !== 0) pool.addOpen(request.thread, -1);
    return request;
  }

  function settle(ticket: number, { reply, range, failure }: Outcome): boolean {
    const request = remove(ticket);
    if (request === undefined) return false;
    const { buffer } = request.payload;
    const frames = range === undefined ? reply : Buffer.from(buffer, range.from, range.to - range.from);
    let isRetained = false;
    const release = (): void => memory.release(buffer);
    const retain = (): (() => void) => {
      isRetained = true;
      return release;
    };
    request.replyQueue.settle(request.group, 0, 1, { frames, failure, retain });
    if (!isRetained) release();
    return true;
  }

  /** Does not release the memory: a thread that is ending may still write to it. */
  function failOne({ ticket }: LongRequest, error: LaunchpoolError): void {
    const request = remove(ticket);
    if (request === undefined) return;
    const plain = toPlain(error);
    const { reply, failure } = isRaw() ? { failure: plain } : errorsFor(request.payload, plain);
    request.replyQueue.settle(request.group, 0, 1, { frames: reply, failure });
  }

  /** Prevents the start of a request; returns the id of the thread that has started it, or undefined. */
  function skip(request: LongRequest): number | undefined {
    const { ticket, claim, payload } = request;
    if (!claimLong(claim, CLAIM_CANCELLED)) return Atomics.load(claim, 0);
    const at = waiting.indexOf(request);
    if (at < 0) return undefined;
    waiting.splice(at, 1);
    open.delete(ticket);
    memory.release(payload.buffer);
    return undefined;
  }

  function openRequestOf(request: LongRequest): OpenRequest {
    const { replyQueue, group, payload, ticket, claim, handedAt } = request;
    const hasStarted = (): boolean => Atomics.load(claim, 0) !== UNCLAIMED;
    let thread = 0;
    return {
      ...{ replyQueue, group, position: 0, payload },
      startedAt: hasStarted() ? handedAt : undefined,
      hasStarted,
      skip() {
        thread = skip(request) ?? 0;
        return thread !== 0;
      },
      running: () => ({ thread, ticket, index: 0, isOpen: () => open.has(ticket) }),
    };
  }

  function copyOf(payload: Buffer): Buffer<SharedArrayBuffer> {
    // With room for a header: the reply is likely to be as long as the request.
    const copy = Buffer.from(memory.allocate(payload.length + SHORT_HEADER_BYTES), 0, payload.length);
    payload.copy(copy);
    return copy;
  }

  return {
    add(replyQueue, payload, times) {
      const group = replyQueue.open(1, payload.length, times);
      const shared = isShared(payload) ? payload : copyOf(payload);
      const request = { replyQueue, group, payload: shared, thread: 0, deaths: 0 } as LongRequest;
      enter(request);
      waiting.push(request);
    },
    pump() {
      while (waiting.length > 0 && pool.hasRoom()) run(waiting.shift() as LongRequest);
    },
    visit(isSelected, visitor) {
      for (const request of open.values()) {
        if (isSelected(request.replyQueue, request.group)) visitor(openRequestOf(request));
      }
    },
    settle,
    fail(thread, error) {
      for (const request of open.values()) if (request.thread === thread) failOne(request, error);
    },
    stop: stallDetector.stop,
    get notStarted() {
      let requests = 0;
      for (const { claim } of open.values()) if (Atomics.load(claim, 0) === UNCLAIMED) requests += 1;
      return requests;
    },
  };
}

function isShared(payload: Buffer): payload is Buffer<SharedArrayBuffer> {
  return payload.buffer instanceof SharedArrayBuffer;
}

function handOverOf(request: LongRequest): HandOver {
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
