/** One hand-over of a long request to a thread, as the stall detector checks it. */
import { type ByteRange, shownReply, UNCLAIMED } from '../../../workers/task.ts';
import type { LongRequest } from './long-request.ts';

export type HandOver = {
  request: LongRequest;
  /** The ticket of the request at the hand-over. */
  ticket: number;
  isStuck(): boolean;
  /** The reply, if the thread shows it already. */
  reply(): ByteRange | undefined;
  isFinished(): boolean;
};

export function handOverOf(request: LongRequest): HandOver {
  const { claim, ticket } = request;
  let checks = 0;
  return {
    request,
    ticket,
    isStuck() {
      checks += 1;
      return checks > 2 && request.claim === claim && Atomics.load(claim, 0) === UNCLAIMED;
    },
    reply: () => shownReply(claim),
    isFinished: () => shownReply(claim) !== undefined,
  };
}
