/** A request that is too long for a batch. */
import { CLAIM_CANCELLED, claimLong, type LongTask, newClaim, UNCLAIMED } from '../../../workers/task.ts';
import type { OpenRequest, RequestPlace, RunningRequest } from '../cancel/open-requests.ts';
import { StartedRequests } from '../cancel/started-requests.ts';
import type { ReplyQueue, Settlement } from '../connection/reply-queue.ts';
import type { Place, RequestGroup } from '../connection/request-group.ts';
import { epochOf } from '../epoch.ts';

/** The part of the long requests that one of them uses. */
export type LongHolder = {
  isOpen(request: LongRequest, ticket: number): boolean;
  /** Called when the request must not start any more, and no thread has it. */
  onSkipped(request: LongRequest): void;
};

const NOTHING: Buffer<SharedArrayBuffer> = Buffer.from(new SharedArrayBuffer(0));

export class LongRequest implements OpenRequest, Place {
  readonly replyQueue: ReplyQueue;
  /** Its group has no other request. */
  readonly group: RequestGroup;
  readonly first = 0;
  readonly position = 0;
  /** A view of shared memory of its own. */
  payload: Buffer<SharedArrayBuffer>;
  /** Changes with each hand-over to a thread: messages about an earlier one are ignored. */
  ticket = 0;
  /** See LongTask; changes with each hand-over too. */
  claim: Int32Array<SharedArrayBuffer>;
  /** The thread that has run it and awaits its handler; 0 before that. */
  thread = 0;
  /** When it was handed to a thread; undefined while it waits for one. */
  handedAt: number | undefined = undefined;
  /** How many threads have exited before they started it. */
  deaths = 0;
  isOrphan = false;
  readonly #holder: LongHolder;
  /** The thread that had started it when its start was to be prevented. */
  #startedBy = 0;

  constructor(replyQueue: ReplyQueue, group: RequestGroup, payload: Buffer<SharedArrayBuffer>, holder: LongHolder) {
    this.replyQueue = replyQueue;
    this.group = group;
    this.payload = payload;
    this.claim = newClaim(replyQueue.sink.peer);
    this.#holder = holder;
    group.addPlace(this);
  }

  /** Enters the queue with a ticket of its own. */
  enter(ticket: number): void {
    this.ticket = ticket;
    this.claim = newClaim(this.replyQueue.sink.peer);
    this.handedAt = undefined;
  }

  /** What a thread gets of it. */
  task(): LongTask {
    const { ticket, payload, claim, group } = this;
    const task = { ticket, request: payload, claim };
    return group.dueAt === Number.POSITIVE_INFINITY ? task : { ...task, dueAt: epochOf(group.dueAt) };
  }

  /** Its memory has another use from now on. */
  forgetPayload(): void {
    this.payload = NOTHING;
  }

  get startedAt(): number | undefined {
    return this.hasStarted() ? this.handedAt : undefined;
  }

  get startedBy(): number {
    return Math.max(0, Atomics.load(this.claim, 0));
  }

  place(): RequestPlace | undefined {
    const thread = this.startedBy;
    return thread === 0 ? undefined : { thread, ticket: this.ticket, index: 0 };
  }

  hasStarted(): boolean {
    return Atomics.load(this.claim, 0) !== UNCLAIMED;
  }

  /** Takes it back from its thread; returns false when the thread has started it. */
  takeBack(): boolean {
    return claimLong(this.claim, CLAIM_CANCELLED);
  }

  skip(): boolean {
    if (this.takeBack()) {
      this.#startedBy = 0;
      if (this.handedAt === undefined) this.#holder.onSkipped(this);
      return false;
    }
    this.#startedBy = Math.max(0, Atomics.load(this.claim, 0));
    return this.#startedBy !== 0;
  }

  /** It is handed to a thread. */
  started(): StartedRequests {
    const { ticket } = this;
    const isOver = (): boolean => !this.#holder.isOpen(this, ticket);
    return new StartedRequests(this.handedAt as number, {
      get isOver() {
        return isOver();
      },
      visit: (visitor) => visitor(this),
    });
  }

  settleEarly(settlement: Settlement): void {
    this.replyQueue.settleEarly(this.group, 0, settlement);
  }

  running(): RunningRequest {
    const { ticket } = this;
    return {
      thread: this.#startedBy,
      ticket,
      index: 0,
      isOpen: () => this.#holder.isOpen(this, ticket),
      isLate: () => this.thread !== 0,
      orphan: () => {
        this.isOrphan = true;
      },
      payload: () => this.payload,
    };
  }

  requestAt(): OpenRequest | undefined {
    return this.#holder.isOpen(this, this.ticket) ? this : undefined;
  }

  visit(visitor: (request: OpenRequest) => void): void {
    if (this.#holder.isOpen(this, this.ticket)) visitor(this);
  }
}
