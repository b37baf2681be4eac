/** The requests of the frame loads: without a limit, with a timeout in the envelope, or with a cancellation. */
import type { Random } from './random.ts';

export type FrameRequest = {
  method: 'sync' | 'slow';
  /** The duration of `slow`. */
  ms?: number;
  timeoutMs?: number;
  /** The delay of the cancellation. */
  cancelMs?: number;
  /** Error codes that are right for this request. */
  allowed: readonly string[];
};

export type FrameLoadKind = 'calm' | 'timed' | 'cancelled';

type Requests = {
  /** The number of requests that are open at once. */
  window: number;
  draw: (random: Random) => FrameRequest;
};

const MAX_MS = 50;

export const FRAME_REQUESTS: Readonly<Record<FrameLoadKind, Requests>> = {
  calm: {
    window: 64,
    draw: (random) =>
      random.chance(0.05)
        ? { method: 'slow', ms: random.between(0, 20), allowed: [] }
        : { method: 'sync', allowed: [] },
  },
  timed: {
    window: 16,
    draw: (random) => ({
      method: 'slow',
      ms: random.between(0, MAX_MS),
      timeoutMs: random.between(1, MAX_MS),
      allowed: ['ERR_LAUNCHPOOL_QUEUE_TIMEOUT', 'ERR_LAUNCHPOOL_RUN_TIMEOUT'],
    }),
  },
  cancelled: {
    window: 16,
    draw: (random) => ({
      method: 'slow',
      ms: random.between(0, MAX_MS),
      cancelMs: random.between(0, MAX_MS),
      allowed: ['ERR_LAUNCHPOOL_CANCELLED'],
    }),
  },
};
