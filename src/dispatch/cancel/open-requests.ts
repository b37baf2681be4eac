/** All requests that have no outcome yet, wherever they are: in a batch, with a thread or without one, or by themselves. */
import type { PlainError } from '../../../wire/errors.ts';
import { type MainMessage, UNCLAIMED } from '../../../workers/task.ts';
import type { Batcher } from '../batch/batcher.ts';
import type { InFlightBatch } from '../batch/in-flight-batch.ts';
import type { ReplyQueue, RequestGroup } from '../connection/reply-queue.ts';
import type { LongRequests } from '../long/long-requests.ts';

export type OpenRequestsOptions = {
  batcher: Pick<Batcher, 'visit' | 'forgetCancelled'>;
  /** Those of which something is not settled. */
  inFlightBatches: ReadonlyMap<number, InFlightBatch>;
  long: Pick<LongRequests, 'visit' | 'skip' | 'isOpen'>;
  /** Has a request that may have been begun come to an end. */
  end: (thread: number, message: MainMessage, isOpen: () => boolean) => void;
};

export type Found = {
  replyQueue: ReplyQueue;
  group: RequestGroup;
  position: number;
  payload: Buffer;
  /** When it was begun; undefined while it waits. */
  startedAt: number | undefined;
  /** Whether it has been begun by now. */
  hasStarted: () => boolean;
  /** Has it not be begun, if that is still possible; says whether it may have been. Its payload may be free memory then. */
  skip: () => boolean;
  /** For one that may have been begun. */
  end: (why: PlainError) => void;
};

export type OpenRequests = {
  /** @param isIt is asked for each of those that are wanted. */
  visit(
    wants: (replyQueue: ReplyQueue, group: RequestGroup) => boolean,
    isIt: (payload: Buffer) => boolean,
    visitor: (found: Found) => void,
  ): void;
};

const WAITING = { startedAt: undefined, hasStarted: () => false, skip: () => false, end: () => undefined };

export function createOpenRequests({ batcher, inFlightBatches, long, end }: OpenRequestsOptions): OpenRequests {
  return {
    visit(wants, isIt, visitor) {
      // Settling one request may settle others, and change what is being walked through.
      const all: Found[] = [];
      const isWanted = (replyQueue: ReplyQueue, group: RequestGroup, position: number, payload: Buffer): boolean =>
        wants(replyQueue, group) && group.cancelled?.has(position) !== true && isIt(payload);
      batcher.visit(
        ({ replyQueue, group }) => wants(replyQueue, group),
        ({ range: { replyQueue, group }, position, payload }) => {
          if (isWanted(replyQueue, group, position, payload))
            all.push({ replyQueue, group, position, payload, ...WAITING });
        },
      );
      for (const inFlight of inFlightBatches.values()) {
        const { ticket } = inFlight.batch;
        inFlight.visit(
          ({ replyQueue, group }) => wants(replyQueue, group),
          ({ range: { replyQueue, group }, position, index, payload, startedAt }) => {
            if (!isWanted(replyQueue, group, position, payload)) return;
            all.push({
              ...{ replyQueue, group, position, payload, startedAt },
              hasStarted: () => index < inFlight.frames - inFlight.notStarted,
              skip: () => inFlight.skip(index),
              end: (error) =>
                end(inFlight.thread, { launchpool: 'cancel', ticket, index, error }, () => inFlight.isOpen(index)),
            });
          },
        );
      }
      long.visit((request) => {
        const { replyQueue, group, payload, ticket, claim, handedAt } = request;
        if (!isWanted(replyQueue, group, 0, payload)) return;
        const hasStarted = (): boolean => Atomics.load(claim, 0) !== UNCLAIMED;
        let thread = 0;
        all.push({
          ...{ replyQueue, group, position: 0, payload, startedAt: hasStarted() ? handedAt : undefined, hasStarted },
          skip() {
            thread = long.skip(request) ?? 0;
            return thread !== 0;
          },
          end: (error) => end(thread, { launchpool: 'cancel', ticket, index: 0, error }, () => long.isOpen(ticket)),
        });
      });
      all.forEach(visitor);
      if (all.length > 0) batcher.forgetCancelled();
    },
  };
}
