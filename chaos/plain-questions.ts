/** What clients ask that know nothing but frames: with a time in the envelope, with a cancellation, or neither. */
import type { Random } from './random.ts';

export type PlainQuestion = {
  method: 'sync' | 'slow';
  /** How long `slow` is to take. */
  ms?: number;
  timeoutMs?: number;
  /** When a cancellation is sent after it. */
  cancelMs?: number;
  /** Codes that are right for it. */
  allowed: readonly string[];
};

export type PlainKind = keyof typeof PLAIN_QUESTIONS;

type Questions = {
  /** How many requests are open at once. */
  window: number;
  draw: (random: Random) => PlainQuestion;
};

const MAX_MS = 50;

export const PLAIN_QUESTIONS: Readonly<Record<'calm' | 'timed' | 'cancelled', Questions>> = {
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
