/** The long requests that wait for a thread, in order. Settled ones may be among them, and are passed over. */
import { Deque } from '../deque.ts';
import type { LongRequest } from './long-request.ts';

/** Up to this number, settled requests stay among the others. */
const MAX_SETTLED = 32;

export class LongQueue {
  readonly #requests = new Deque<LongRequest>();
  readonly #isOpen: (request: LongRequest) => boolean;
  /** How many of the requests are settled. */
  #settled = 0;

  constructor(isOpen: (request: LongRequest) => boolean) {
    this.#isOpen = isOpen;
  }

  get isEmpty(): boolean {
    return this.#requests.length === 0;
  }

  add(request: LongRequest): void {
    this.#requests.push(request);
  }

  /** Adds a request before all others. */
  putBack(request: LongRequest): void {
    this.#requests.unshift(request);
  }

  /** Puts a request back that must not start now. One whose method has a limit leaves its place to others until it may. */
  park(request: LongRequest): void {
    const { limited } = request.group;
    if (limited === undefined) this.putBack(request);
    else limited.giveBack(() => this.add(request));
  }

  /**
   * Takes the first requests, at most `count`.
   * @param stalled gets those before the last one that must not start now.
   */
  take(count: number, stalled: LongRequest[]): LongRequest[] {
    const taken: LongRequest[] = [];
    while (taken.length < count) {
      const next = this.#requests.shift();
      if (next === undefined) break;
      if (!this.#isOpen(next)) this.#settled -= 1;
      else if (next.replyQueue.isStalled(next.group, 0)) stalled.push(next);
      else taken.push(next);
    }
    return taken;
  }

  remove(request: LongRequest): void {
    this.#requests.keep((each) => each !== request);
  }

  /** One of the requests is settled. They leave together: each costs constant time, wherever it is. */
  onSettled(): void {
    this.#settled += 1;
    if (this.#settled <= MAX_SETTLED || 2 * this.#settled < this.#requests.length) return;
    this.#requests.keep(this.#isOpen);
    this.#settled = 0;
  }

  *[Symbol.iterator](): Iterator<LongRequest> {
    for (const request of this.#requests) if (this.#isOpen(request)) yield request;
  }
}
