/** What lanes and entrances are told in tests that are about something else: no bounds, no times. */
import { type Admission, createAdmission } from '../../src/dispatch/connection/admission.ts';
import type { ReplyQueueOptions, Times } from '../../src/dispatch/connection/reply-queue.ts';

/** It came just now, and may take for ever. */
export const ANY_TIME: Times = { cameAt: 0, dueAt: Number.POSITIVE_INFINITY };

/** Of an agent with no bounds. */
function openAdmission(): Admission {
  const [maxRequests, maxBytes] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  return createAdmission({ maxRequests, maxBytes, expectedMs: () => 0, onChange: () => undefined });
}

export function replyQueueOptions(isRaw: boolean): ReplyQueueOptions {
  return { kind: () => (isRaw ? 'raw' : 'rpc'), admission: openAdmission(), onOutcome: () => undefined };
}
