/** One hand-over of a long request to a thread, as the stall detector checks it. */
import { UNCLAIMED } from '../../../workers/task.ts';
import type { LongRequest } from './long-request.ts';

export type HandOver = { request: LongRequest; isStuck(): boolean };

export function handOverOf(request: LongRequest): HandOver {
  const { claim } = request;
  let checks = 0;
  return {
    request,
    isStuck() {
      checks += 1;
      return checks > 2 && request.claim === claim && Atomics.load(claim, 0) === UNCLAIMED;
    },
  };
}
