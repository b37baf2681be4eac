/** All requests that have no outcome yet, wherever they are: in a batch, with a thread or without one, or by themselves. */
import type { PlainError } from '../../../wire/errors.ts';
import { type MainMessage, NOBODY } from '../../../workers/task.ts';
import type { Batcher } from '../batch/batcher.ts';
import type { Flight } from '../batch/in-flight-batch.ts';
import type { Lane, Segment } from '../connection/reply-queue.ts';
import type { LongRequests } from '../long/long-requests.ts';

export type OpenRequestsOptions = {
  batcher: Pick<Batcher, 'visit' | 'letGo'>;
  /** Those of which something is not settled. */
  flights: ReadonlyMap<number, Flight>;
  long: Pick<LongRequests, 'visit' | 'skip' | 'isOpen'>;
  /** Has a request that may have been begun come to an end. */
  end: (thread: number, message: MainMessage, isOpen: () => boolean) => void;
};

export type Found = {
  lane: Lane;
  segment: Segment;
  place: number;
  payload: Buffer;
  /** When it was begun; undefined while it waits. */
  begunAt: number | undefined;
  /** Whether it has been begun by now. */
  hasBegun: () => boolean;
  /** Has it not be begun, if that is still possible; says whether it may have been. Its payload may be free memory then. */
  skip: () => boolean;
  /** For one that may have been begun. */
  end: (why: PlainError) => void;
};

export type OpenRequests = {
  /** @param isIt is asked for each of those that are wanted. */
  visit(
    wants: (lane: Lane, segment: Segment) => boolean,
    isIt: (payload: Buffer) => boolean,
    visitor: (found: Found) => void,
  ): void;
};

const WAITING = { begunAt: undefined, hasBegun: () => false, skip: () => false, end: () => undefined };

export function createOpenRequests({ batcher, flights, long, end }: OpenRequestsOptions): OpenRequests {
  return {
    visit(wants, isIt, visitor) {
      // Settling one request may settle others, and change what is being walked through.
      const all: Found[] = [];
      const isWanted = (lane: Lane, segment: Segment, place: number, payload: Buffer): boolean =>
        wants(lane, segment) && segment.dropped?.has(place) !== true && isIt(payload);
      batcher.visit(
        ({ lane, segment }) => wants(lane, segment),
        ({ piece: { lane, segment }, place, payload }) => {
          if (isWanted(lane, segment, place, payload)) all.push({ lane, segment, place, payload, ...WAITING });
        },
      );
      for (const flight of flights.values()) {
        const { ticket } = flight.batch;
        flight.visit(
          ({ lane, segment }) => wants(lane, segment),
          ({ piece: { lane, segment }, place, index, payload, begunAt }) => {
            if (!isWanted(lane, segment, place, payload)) return;
            all.push({
              ...{ lane, segment, place, payload, begunAt },
              hasBegun: () => index < flight.frames - flight.untouched,
              skip: () => flight.skip(index),
              end: (error) =>
                end(flight.thread, { launchpool: 'cancel', ticket, index, error }, () => flight.isOpen(index)),
            });
          },
        );
      }
      long.visit((request) => {
        const { lane, segment, payload, ticket, claim, handedAt } = request;
        if (!isWanted(lane, segment, 0, payload)) return;
        const hasBegun = (): boolean => Atomics.load(claim, 0) !== NOBODY;
        let thread = 0;
        all.push({
          ...{ lane, segment, place: 0, payload, begunAt: hasBegun() ? handedAt : undefined, hasBegun },
          skip() {
            thread = long.skip(request) ?? 0;
            return thread !== 0;
          },
          end: (error) => end(thread, { launchpool: 'cancel', ticket, index: 0, error }, () => long.isOpen(ticket)),
        });
      });
      all.forEach(visitor);
      if (all.length > 0) batcher.letGo();
    },
  };
}
