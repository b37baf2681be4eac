/** Requests that are too long for a batch: each is in shared memory of its own, and several may go to a thread together. */
import { type LaunchpoolError, toPlain } from '../../../wire/errors.ts';
import { SHORT_HEADER_BYTES } from '../../../wire/frame.ts';
import { type LongResult, type Outcome, UNCLAIMED } from '../../../workers/task.ts';
import type { Pool } from '../../pool/pool.ts';
import { createBatchSize, shareOf } from '../batch-size.ts';
import type { OpenRequest, RequestSource } from '../cancel/open-requests.ts';
import type { StartedRequests } from '../cancel/started-requests.ts';
import { contain } from '../connection/containment.ts';
import { errorsFor } from '../connection/error-replies.ts';
import type { ReplyQueue } from '../connection/reply-queue.ts';
import type { RequestGroup } from '../connection/request-group.ts';
import { createSpinWait } from '../spin-wait.ts';
import { createStallDetector } from '../stall-detector.ts';
import { type HandOver, handOverOf } from './hand-over.ts';
import { LongQueue } from './long-queue.ts';
import { type LongHolder, LongRequest } from './long-request.ts';
import type { SharedMemoryPool } from './shared-memory-pool.ts';

/** When this many threads have exited before they started a request, the request fails. */
const MAX_DEATHS = 100;

export type LongRequests = RequestSource & {
  /**
   * Takes a request. Reads its payload during the call and copies it, unless it is in shared memory: that belongs to
   * the request from then on.
   * @param wait gets the function that starts it. @default starts it at once
   */
  add(replyQueue: ReplyQueue, group: RequestGroup, payload: Buffer, wait?: (start: () => void) => void): void;
  /** Hands requests to the threads that have room. */
  pump(): void;
  /** The requests that wait for a thread, in order. */
  waiting(): Iterable<LongRequest>;
  /** Hands one of these to a thread that has as many open requests as it may have. */
  runExtra(request: LongRequest): void;
  /** The open request with this ticket. */
  find(ticket: number): OpenRequest | undefined;
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
  pool: Pick<Pool, 'hasLoaded' | 'maxThreads' | 'runLong' | 'addOpen' | 'addOrphans' | 'hasRoom'>;
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
  const open = new Map<number, LongRequest>();
  const waiting = new LongQueue((request) => isOpen(request, request.ticket));
  const handOvers = new Set<HandOver>();
  const share = (): number => shareOf(open.size, pool.maxThreads);
  const size = createBatchSize(pool.maxThreads > 1, share);
  const stallDetector = createStallDetector(handOvers, onStuck, () => size.expectedUs(1) / 1000);
  const spinWait = createSpinWait(handOvers, ({ ticket, reply }) => settle(ticket, { range: reply() }));
  let lastTicket = 0;
  const isOpen = (request: LongRequest, ticket: number): boolean => open.get(ticket) === request;
  const holder: LongHolder = { isOpen, onSkipped };

  /** Hands requests to a thread, which runs one after another. */
  function run(requests: readonly LongRequest[], isExtra = false): void {
    const handedAt = performance.now();
    const own = requests.map(handOverOf);
    for (const handOver of own) {
      const { request } = handOver;
      handOvers.add(handOver);
      request.handedAt = handedAt;
      onHandedOver(request.started());
    }
    stallDetector.start();
    spinWait.follow(requests.length, size.expectedUs(requests.length));
    const tasks = requests.map((request) => request.task());
    pool
      .runLong(tasks, isExtra)
      .then(
        ({ us, results }) => {
          size.learn(us, results.filter(({ isLeft }) => !isLeft).length);
          const left: LongRequest[] = [];
          for (const [index, { request, ticket }] of own.entries()) {
            const result = results[index] as LongResult;
            // With another ticket, it is in other hands by now.
            if (request.ticket !== ticket) continue;
            if (result.isLeft) left.push(request);
            else onResult(request, result);
          }
          for (const request of left.reverse()) onLeft(request);
        },
        (error) => {
          for (const { request, ticket } of own.reverse()) if (request.ticket === ticket) onFailed(request, error);
        },
      )
      .finally(() => {
        for (const handOver of own) handOvers.delete(handOver);
        onRoom();
      });
  }

  function onResult(request: LongRequest, { thread, range }: LongResult): void {
    const { ticket } = request;
    if (range !== undefined) settle(ticket, { range });
    request.thread = thread;
    if (open.has(ticket)) pool.addOpen(thread, 1);
  }

  /** Its thread has too many open requests. */
  function onLeft(request: LongRequest): void {
    // Its start was prevented while it was with the thread.
    if (!takeBack(request)) settle(request.ticket, {});
  }

  function onFailed(request: LongRequest, error: LaunchpoolError): void {
    request.deaths += 1;
    // A module that no thread has loaded may end every thread that loads it.
    const mayRepeat = pool.hasLoaded && request.deaths < MAX_DEATHS;
    if (!mayRepeat || !takeBack(request)) failOne(request, error);
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
    waiting.putBack(request);
    return true;
  }

  function enter(request: LongRequest): void {
    // Tickets of batches are positive.
    lastTicket -= 1;
    request.enter(lastTicket);
    open.set(lastTicket, request);
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

  function onSkipped(request: LongRequest): void {
    open.delete(request.ticket);
    memory.release(request.payload.buffer);
    request.forgetPayload();
    waiting.onSettled();
  }

  function copyOf(payload: Buffer): Buffer<SharedArrayBuffer> {
    // With room for a header: the reply is likely to be as long as the request.
    const copy = Buffer.from(memory.allocate(payload.length + SHORT_HEADER_BYTES), 0, payload.length);
    payload.copy(copy);
    return copy;
  }

  return {
    add(replyQueue, group, payload, wait = (start) => start()) {
      const shared = isShared(payload) ? payload : copyOf(payload);
      memory.use(shared.buffer);
      const request = new LongRequest(replyQueue, group, shared, holder);
      enter(request);
      wait(() => waiting.add(request));
    },
    pump() {
      if (waiting.isEmpty) return;
      const stalled: LongRequest[] = [];
      while (!waiting.isEmpty && pool.hasRoom()) {
        const requests = waiting.take(Math.min(size.limit(), Math.max(1, Math.ceil(share()))), stalled);
        if (requests.length > 0) run(requests);
      }
      for (const each of stalled.reverse()) waiting.park(each);
    },
    waiting: () => waiting,
    runExtra(request) {
      waiting.remove(request);
      run([request], true);
    },
    visit(visitor) {
      for (const request of open.values()) visitor(request);
    },
    find: (ticket) => open.get(ticket),
    settle,
    fail(thread, error) {
      for (const request of open.values()) if (request.thread === thread) failOne(request, error);
    },
    stop() {
      stallDetector.stop();
      spinWait.stop();
    },
    get hasWaiting() {
      return !waiting.isEmpty;
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
