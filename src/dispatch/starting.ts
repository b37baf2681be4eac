/** Starts the requests that the window of their connection lets through: they go to the batcher, or are long. */
import type { Batcher } from './batch/batcher.ts';
import { QueuedRange } from './batch/queued-range.ts';
import type { Cancellation } from './cancel/cancellation.ts';
import { contain } from './connection/containment.ts';
import { FrameRange } from './connection/frame-range.ts';
import type { Times } from './connection/open-request.ts';
import type { ReplyQueue } from './connection/reply-queue.ts';
import type { RequestGroup } from './connection/request-group.ts';
import type { RequestQueueOptions } from './connection/request-queue-options.ts';
import type { LongRequests } from './long/long-requests.ts';
import type { MethodGate } from './methods/method-gate.ts';

export type StartingOptions = {
  batcher: Pick<Batcher, 'add'>;
  long: Pick<LongRequests, 'add'>;
  gate: MethodGate;
  watch: Cancellation['watch'];
  /** Called when requests may go to a thread. */
  schedule: () => void;
};

export type Starting = Pick<RequestQueueOptions, 'start' | 'startLong'>;

export function createStarting({ batcher, long, gate, watch, schedule }: StartingOptions): Starting {
  function add(replyQueue: ReplyQueue, group: RequestGroup, enter: () => void): RequestGroup {
    settleOnFault(replyQueue, group, enter);
    watch(group);
    schedule();
    return group;
  }

  /** Without memory for them, requests have no place in which a cancellation would find them. */
  function settleOnFault(replyQueue: ReplyQueue, group: RequestGroup, enter: () => void): void {
    try {
      enter();
    } catch (error) {
      group.limited?.end();
      for (let position = 0; position < group.count; position += 1) replyQueue.settleEarly(group, position, {});
      throw error;
    }
  }

  /** Whether the methods of the requests have places for them. */
  function hasPlaces(replyQueue: ReplyQueue, group: RequestGroup, { places }: Times): boolean {
    return places === undefined || gate.enter(replyQueue, group, places);
  }

  /** Starts the requests of a frame when its methods have places for them. */
  function wait(replyQueue: ReplyQueue, group: RequestGroup, start: () => void): void {
    gate.wait(group, () => contain(replyQueue, () => settleOnFault(replyQueue, group, start)));
  }

  return {
    start(replyQueue, run, frames, times) {
      const group = replyQueue.open(frames, run.length, times);
      return add(replyQueue, group, () => {
        const range = new FrameRange(replyQueue, group, 0, frames);
        if (hasPlaces(replyQueue, group, times)) return batcher.add(range, run);
        const queued = new QueuedRange(range, Buffer.from(run), () => undefined);
        wait(replyQueue, group, () => batcher.add(range, queued.bytes));
      });
    },
    startLong(replyQueue, payload, times) {
      // Its memory counts until the reply is taken.
      const group = replyQueue.open(1, payload.length, times, false, 0);
      return add(replyQueue, group, () => {
        if (hasPlaces(replyQueue, group, times)) return long.add(replyQueue, group, payload);
        long.add(replyQueue, group, payload, (start) => wait(replyQueue, group, start));
      });
    },
  };
}
