/**
 * Where requests wait for a place of their method: in the order of their arrival, over all connections. A request that waits
 * here is open like any other: it counts, has its deadline, and can be cancelled. It keeps its place until its handler has
 * ended, also after the request was answered early.
 *
 * A batch has a line of its own in each of its methods, and starts when it is first in all of them: so the request that has
 * waited longest of all is never behind another one, and no two requests wait for each other.
 */
import type { MethodPlaces } from '../connection/method-limits.ts';
import type { Limited } from '../connection/open-request.ts';
import type { ReplyQueue } from '../connection/reply-queue.ts';
import type { RequestGroup } from '../connection/request-group.ts';
import { Deque } from '../deque.ts';

/** Up to this number, requests that do not wait any more stay in a line. */
const MIN_LIMIT = 32;

type Start = () => void;

/** The requests that wait for a place of one method. Some may wait no more, or be here twice. */
class Line extends Deque<LimitedRequest> {
  /** At this number, those that do not wait are removed. */
  #limit = MIN_LIMIT;

  enter(request: LimitedRequest): void {
    if (this.length >= this.#limit) {
      this.keep(({ isWaiting }) => isWaiting);
      this.#limit = Math.max(MIN_LIMIT, 2 * this.length);
    }
    const { first, last } = this;
    if (last === undefined || last.order < request.order) this.push(request);
    else if (first !== undefined && request.order < first.order) this.unshift(request);
    else this.#insert(request);
  }

  /** The first request that waits. */
  get head(): LimitedRequest | undefined {
    while (this.first !== undefined && !this.first.isWaiting) this.shift();
    return this.first;
  }

  #insert(request: LimitedRequest): void {
    const all = [...this, request].sort((one, other) => one.order - other.order);
    this.clear();
    for (const each of all) this.push(each);
  }
}

/** Requests of one frame, whose methods have limits. */
class LimitedRequest implements Limited {
  readonly replyQueue: ReplyQueue;
  readonly group: RequestGroup;
  readonly places: readonly MethodPlaces[];
  /** Rises with each request. */
  readonly order: number;
  hasPlaces = false;
  /** Starts it; undefined unless it waits. */
  start: Start | undefined = undefined;
  /** Whether it is in no line, because its client does not read. */
  isStalled = false;
  readonly #gate: MethodGate;
  #isOver = false;

  constructor(
    gate: MethodGate,
    replyQueue: ReplyQueue,
    group: RequestGroup,
    places: readonly MethodPlaces[],
    order: number,
  ) {
    this.#gate = gate;
    this.replyQueue = replyQueue;
    this.group = group;
    this.places = places;
    this.order = order;
  }

  /** Whether it waits in its lines. */
  get isWaiting(): boolean {
    return this.start !== undefined && !this.isStalled;
  }

  giveBack(start: Start): void {
    if (this.#isOver) return;
    this.#leavePlaces();
    this.#gate.wait(this.group, start);
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.start !== undefined) this.#gate.leave(this);
    this.#leavePlaces();
  }

  #leavePlaces(): void {
    if (!this.hasPlaces) return;
    this.hasPlaces = false;
    for (const places of this.places) places.running -= 1;
    this.#gate.onRoom();
  }
}

export class MethodGate {
  /** Called when a request may have a place now. */
  readonly onRoom: () => void;
  readonly #lines = new Map<MethodPlaces, Line>();
  /** How many requests wait, by connection. */
  readonly #waiting = new Map<ReplyQueue, number>();
  readonly #stalled = new Map<ReplyQueue, LimitedRequest[]>();
  #lastOrder = 0;
  /** How many requests wait. */
  frames = 0;

  constructor(onRoom: () => void) {
    this.onRoom = onRoom;
  }

  /** Gives the requests of a group their places, if they need not wait. @returns whether they may start. */
  enter(replyQueue: ReplyQueue, group: RequestGroup, places: readonly MethodPlaces[]): boolean {
    this.#lastOrder += 1;
    const request = new LimitedRequest(this, replyQueue, group, places, this.#lastOrder);
    group.limited = request;
    const mayStart = places.every((each) => this.#lines.get(each)?.head === undefined && each.running < each.max);
    if (mayStart && !isStalled(request)) take(request);
    return request.hasPlaces;
  }

  /** @param start starts the requests of the group when they have their places. */
  wait({ limited: request }: Pick<RequestGroup, 'limited'>, start: Start): void {
    if (!(request instanceof LimitedRequest)) return;
    request.start = start;
    this.frames += 1;
    this.#waiting.set(request.replyQueue, this.waitingOf(request.replyQueue) + 1);
    this.#enterLines(request);
  }

  /** The request waits no more. */
  leave(request: LimitedRequest): void {
    const { replyQueue } = request;
    request.start = undefined;
    this.frames -= 1;
    const waiting = this.waitingOf(replyQueue) - 1;
    if (waiting > 0) this.#waiting.set(replyQueue, waiting);
    else this.#waiting.delete(replyQueue);
    if (waiting === 0) this.#stalled.delete(replyQueue);
  }

  waitingOf(replyQueue: ReplyQueue): number {
    return this.#waiting.get(replyQueue) ?? 0;
  }

  /** Starts the requests that have a place now. */
  pump(): void {
    for (let isDone = false; !isDone; ) {
      isDone = true;
      for (const [places, line] of this.#lines) {
        if (this.#startFirst(places, line)) isDone = false;
        if (line.head === undefined) this.#lines.delete(places);
      }
    }
  }

  /** The requests of a connection, or of all, may start if their client reads now. @returns whether there are any. */
  unpark(replyQueue?: ReplyQueue): boolean {
    if (this.#stalled.size === 0) return false;
    let isAny = false;
    for (const each of replyQueue === undefined ? [...this.#stalled.keys()] : [replyQueue]) {
      const stalled = this.#stalled.get(each) ?? [];
      const [first] = stalled;
      if (first === undefined || isStalled(first)) continue;
      this.#stalled.delete(each);
      isAny = true;
      for (const request of stalled) {
        request.isStalled = false;
        if (request.start !== undefined) this.#enterLines(request);
      }
    }
    return isAny;
  }

  #enterLines(request: LimitedRequest): void {
    for (const places of request.places) {
      const line = this.#lines.get(places) ?? new Line();
      this.#lines.set(places, line);
      line.enter(request);
    }
  }

  /** Starts requests from one line, as far as it gets. @returns whether any has started, or made room for others. */
  #startFirst(places: MethodPlaces, line: Line): boolean {
    let isAny = false;
    for (let next = line.head; next !== undefined && places.running < places.max; next = line.head) {
      if (isStalled(next)) this.#stall(next);
      else if (!this.#isNext(next)) return isAny;
      else this.#start(next);
      isAny = true;
    }
    return isAny;
  }

  /** Whether it is first in each of its lines, and each has a place. */
  #isNext(request: LimitedRequest): boolean {
    return request.places.every((each) => each.running < each.max && this.#lines.get(each)?.head === request);
  }

  #start(request: LimitedRequest): void {
    const { start } = request;
    this.leave(request);
    take(request);
    start?.();
  }

  /** It leaves the others the way. */
  #stall(request: LimitedRequest): void {
    const { replyQueue } = request;
    request.isStalled = true;
    const others = this.#stalled.get(replyQueue);
    if (others === undefined) this.#stalled.set(replyQueue, [request]);
    else others.push(request);
  }
}

function take(request: LimitedRequest): void {
  request.hasPlaces = true;
  for (const places of request.places) places.running += 1;
}

/** Its client does not read: it would have a place, and not run. */
function isStalled({ replyQueue, group }: LimitedRequest): boolean {
  return replyQueue.isStalled(group, 0);
}
