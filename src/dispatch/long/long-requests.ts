/** Requests that are too long for a batch: each is a task of its own, in shared memory of its own. */
import { type LaunchpoolError, toPlain } from '../../../wire/errors.ts';
import { SHORT_HEADER_BYTES } from '../../../wire/frame.ts';
import { type Outcome, UNCLAIMED } from '../../../workers/task.ts';
import type { Pool } from '../../pool/pool.ts';
import type { RequestSource } from '../cancel/open-requests.ts';
import { StartedRequests } from '../cancel/started-requests.ts';
import { contain } from '../connection/containment.ts';
import { errorsFor } from '../connection/error-replies.ts';
import type { ReplyQueue } from '../connection/reply-queue.ts';
import type { RequestGroup } from '../connection/request-group.ts';
import { Deque } from '../deque.ts';
import { createStallDetector } from '../stall-detector.ts';
import { type HandOver, handOverOf } from './hand-over.ts';
import { type LongHolder, LongRequest } from './long-request.ts';
import type { SharedMemoryPool } from './shared-memory-pool.ts';

/** When this many threads have exited before they started a request, the request fails. */
const MAX_DEATHS = 100;

/** Up to this number, settled requests stay among those that wait. */
const MAX_SETTLED = 32;

export type LongRequests = RequestSource & {
  /**
   * Takes a request. Reads its payload during the call and copies it, unless it is in shared memory: that belongs to
   * the request from then on.
   */
  add(replyQueue: ReplyQueue, group: RequestGroup, payload: Buffer): void;
  /** Hands requests to the threads that have room. */
  pump(): void;
  /** The requests that wait for a thread, in order. */
  waiting(): Iterable<LongRequest>;
  /** Hands one of these to a thread that has as many open requests as it may have. */
  runExtra(request: LongRequest): void;
  /** Settles the request with this ticket; returns false when there is none. */
  settle(ticket: number, outcome: Outcome): boolean;
  /** Fails the requests that an exited thread still had. */
  fail(thread: number, error: LaunchpoolError): void;
  stop(): void;
  /** How many requests have not started. */
  readonly notStarted: number;
  /** Whether requests wait for a thread, or for their client to read replies. */
  readonly hasWaiting: boolean;
};

export type LongRequestsOptions = {
  pool: Pick<Pool, 'hasLoaded' | 'runLong' | 'addOpen' | 'addOrphans' | 'hasRoom'>;
  memory: SharedMemoryPool;
  /** Whether a request that fails closes its connection, instead of getting an error reply. */
  isRaw: () => boolean;
  /** Called when a thread may have room again. */
  onRoom: () => void;
  /** Called when a request is handed to a thread: its run time begins. */
  onHandedOver: (started: StartedRequests) => void;
};

export function createLongRequests(options: LongRequestsOptions): LongRequests {
  const { pool, memory, isRaw, onRoom, onHandedOver } = options;
  const waiting = new Deque<LongRequest>();
  /** How many of those that wait are settled. */
  let settledWaiting = 0;
  const open = new Map<number, LongRequest>();
  const handOvers = new Set<HandOver>();
  const stallDetector = createStallDetector(handOvers, onStuck);
  let lastTicket = 0;
  const isOpen = (request: LongRequest, ticket: number): boolean => open.get(ticket) === request;
  const holder: LongHolder = { isOpen, onSkipped };

  function run(request: LongRequest, isExtra = false): void {
    const { ticket, payload, claim } = request;
    const handOver = handOverOf(request);
    handOvers.add(handOver);
    stallDetector.start();
    request.handedAt = performance.now();
    onHandedOver(startOf(request));
    pool
      .runLong({ ticket, request: payload, claim }, isExtra)
      .then(
        ({ thread, range, isLeft }) => {
          if (request.ticket !== ticket) return;
          if (isLeft) {
            // Its start was prevented while it was with a thread that did not start it.
            if (!takeBack(request)) settle(ticket, {});
            return;
          }
          if (range !== undefined) settle(ticket, { range });
          request.thread = thread;
          if (open.has(ticket)) pool.addOpen(thread, 1);
        },
        (error) => {
          if (request.ticket !== ticket) return;
          request.deaths += 1;
          // A module that no thread has loaded may end every thread that loads it.
          const mayRepeat = pool.hasLoaded && request.deaths < MAX_DEATHS;
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
    if (pool.hasLoaded && pool.hasRoom() && takeBack(request)) onRoom();
  }

  /** Takes a request back from its thread; returns false when the thread has started it. */
  function takeBack(request: LongRequest): boolean {
    if (!request.takeBack()) return false;
    open.delete(request.ticket);
    enter(request);
    waiting.unshift(request);
    return true;
  }

  function enter(request: LongRequest): void {
    // Tickets of batches are positive.
    lastTicket -= 1;
    request.enter(lastTicket);
    open.set(lastTicket, request);
  }

  function startOf(request: LongRequest): StartedRequests {
    const { ticket } = request;
    return new StartedRequests(request.handedAt as number, {
      get isOver() {
        return !isOpen(request, ticket);
      },
      visit: (visitor) => visitor(request),
    });
  }

  function remove(ticket: number): LongRequest | undefined {
    const request = open.get(ticket);
    open.delete(ticket);
    if (request?.isOrphan === true) pool.addOrphans(request.thread, -1);
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
    const { replyQueue, group, payload } = request;
    memory.forget(payload.buffer);
    const outcome: Outcome =
      contain(replyQueue, () => (isRaw() ? { failure: plain } : errorsFor(payload, plain))) ?? {};
    replyQueue.settle(group, 0, 1, { frames: outcome.reply, failure: outcome.failure });
  }

  /** Settled requests leave those that wait together: each costs constant time, wherever it is. */
  function onSkipped(request: LongRequest): void {
    open.delete(request.ticket);
    memory.release(request.payload.buffer);
    request.forgetPayload();
    settledWaiting += 1;
    if (settledWaiting <= MAX_SETTLED || 2 * settledWaiting < waiting.length) return;
    waiting.keep((each) => isOpen(each, each.ticket));
    settledWaiting = 0;
  }

  function copyOf(payload: Buffer): Buffer<SharedArrayBuffer> {
    // With room for a header: the reply is likely to be as long as the request.
    const copy = Buffer.from(memory.allocate(payload.length + SHORT_HEADER_BYTES), 0, payload.length);
    payload.copy(copy);
    return copy;
  }

  return {
    add(replyQueue, group, payload) {
      const shared = isShared(payload) ? payload : copyOf(payload);
      memory.use(shared.buffer);
      const request = new LongRequest(replyQueue, group, shared, holder);
      enter(request);
      waiting.push(request);
    },
    pump() {
      if (waiting.length === 0) return;
      const stalled: LongRequest[] = [];
      while (waiting.length > 0 && pool.hasRoom()) {
        const next = waiting.shift() as LongRequest;
        if (!isOpen(next, next.ticket)) settledWaiting -= 1;
        else if (next.replyQueue.isStalled(next.group, 0)) stalled.push(next);
        else run(next);
      }
      for (const each of stalled.reverse()) waiting.unshift(each);
    },
    *waiting() {
      for (const request of waiting) if (isOpen(request, request.ticket)) yield request;
    },
    runExtra(request) {
      waiting.keep((each) => each !== request);
      run(request, true);
    },
    visit(visitor) {
      for (const request of open.values()) visitor(request);
    },
    settle,
    fail(thread, error) {
      for (const request of open.values()) if (request.thread === thread) failOne(request, error);
    },
    stop: stallDetector.stop,
    get hasWaiting() {
      return waiting.length > 0;
    },
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
