/** Options of reply queues and request queues without limits and deadlines. */
import { type Admission, createAdmission } from '../../src/dispatch/connection/admission.ts';
import type { ReplyQueueOptions, Times } from '../../src/dispatch/connection/reply-queue.ts';

/** Arrived just now, without a deadline. */
export const ANY_TIME: Times = { arrivedAt: 0, dueAt: Number.POSITIVE_INFINITY };

/** An admission without limits. */
function openAdmission(): Admission {
  const [maxRequests, maxBytes] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  return createAdmission({ maxRequests, maxBytes, expectedMs: () => 0, onChange: () => undefined });
}

export function replyQueueOptions(isRaw: boolean): ReplyQueueOptions {
  return { isRaw: () => isRaw, admission: openAdmission(), onOutcome: () => undefined };
}
