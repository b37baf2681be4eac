/**
 * All requests that have no outcome yet, wherever they are: in a batch that waits, in a batch that a worker has, or
 * long ones, which travel alone. Each of these places is a source.
 */
import type { PlainError } from '../../../wire/errors.ts';
import type { ReplyQueue, RequestGroup } from '../connection/reply-queue.ts';

/** A request that has no outcome yet. */
export type OpenRequest = {
  readonly replyQueue: ReplyQueue;
  readonly group: RequestGroup;
  /** Its position in the group. */
  readonly position: number;
  readonly payload: Buffer;
  /** When it started, on the clock of `performance`; undefined while it waits. */
  readonly startedAt: number | undefined;
  /** Whether it has started by now. */
  hasStarted(): boolean;
  /**
   * Prevents the start of the request if that is still possible; its payload may be free memory after that.
   * @returns whether it may have started.
   */
  skip(): boolean;
  /** Where it runs. To be called only when `skip()` returned true. */
  running(): RunningRequest;
};

/** Identifies a running request to its thread. */
export type RunningRequest = {
  thread: number;
  ticket: number;
  index: number;
  /** Whether it still has no outcome. */
  isOpen(): boolean;
};

/** Decides by reply queue and group, which costs less than to find the payload. */
export type Selector = (replyQueue: ReplyQueue, group: RequestGroup) => boolean;

export type RequestSource = {
  /** Visits the selected requests that have no outcome. */
  visit(isSelected: Selector, visitor: (request: OpenRequest) => void): void;
  /** Frees the memory of waiting requests that are settled. */
  forgetCancelled?(): void;
};

export type OpenRequests = {
  /** Visits the selected requests for whose payload `matches` returns true. The visitor may settle requests. */
  visit(isSelected: Selector, matches: (payload: Buffer) => boolean, visitor: (request: OpenRequest) => void): void;
};

export function createOpenRequests(sources: readonly RequestSource[]): OpenRequests {
  return {
    visit(isSelected, matches, visitor) {
      // Settling one request may settle others, and change what a source is walking over: they are gathered first.
      const found: OpenRequest[] = [];
      for (const source of sources) {
        source.visit(isSelected, (request) => {
          if (request.group.cancelled?.has(request.position) !== true && matches(request.payload)) found.push(request);
        });
      }
      found.forEach(visitor);
      if (found.length === 0) return;
      for (const source of sources) source.forgetCancelled?.();
    },
  };
}

/** A request that no worker has. */
export class WaitingRequest implements OpenRequest {
  readonly replyQueue: ReplyQueue;
  readonly group: RequestGroup;
  readonly position: number;
  readonly payload: Buffer;
  readonly startedAt: undefined;

  constructor(replyQueue: ReplyQueue, group: RequestGroup, position: number, payload: Buffer) {
    this.replyQueue = replyQueue;
    this.group = group;
    this.position = position;
    this.payload = payload;
  }

  hasStarted(): boolean {
    return false;
  }

  /** The batch that takes the request marks it as cancelled, by `group.cancelled`. */
  skip(): boolean {
    return false;
  }

  running(): never {
    throw new TypeError('a waiting request does not run');
  }
}

/** The message by which a thread aborts a request. */
export function abortMessage(
  { ticket, index }: RunningRequest,
  error: PlainError,
): { launchpool: 'cancel'; ticket: number; index: number; error: PlainError } {
  return { launchpool: 'cancel', ticket, index, error };
}
