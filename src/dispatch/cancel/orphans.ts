/**
 * Orphans: requests that go on long after their cancellation, on threads that still turn their event loops. One of them may
 * block its thread later, when no grace period ends that would show it.
 */
import type { Pool } from '../../pool/pool.ts';
import type { RunningRequest } from './open-requests.ts';
import { Answer } from './thread-answer.ts';

/** Between two probes of a thread, in milliseconds. */
const PROBE_MS = 5_000;

export type OrphansOptions = {
  pool: Pick<Pool, 'probe' | 'addOrphans'>;
  /** How long a thread may leave a probe unanswered, in milliseconds. */
  maxAnswerMs: number;
  onBlocked: (request: RunningRequest, startedAt: number, now: number) => void;
};

export type Orphans = {
  /** @param startedAt when the signal of the request fired, on the clock of `performance`. */
  add(request: RunningRequest, startedAt: number): void;
  stop(): void;
};

type Orphan = { request: RunningRequest; startedAt: number };

export function createOrphans({ pool, maxAnswerMs, onBlocked }: OrphansOptions): Orphans {
  /** By thread. */
  let answers = new Map<number, Answer>();
  let orphans: Orphan[] = [];
  let timer: NodeJS.Timeout | undefined;

  function check(): void {
    timer = undefined;
    const now = performance.now();
    const last = answers;
    answers = new Map();
    orphans = orphans.filter(({ request }) => request.isOpen());
    for (const { request, startedAt } of orphans) {
      const { thread } = request;
      if (answers.has(thread)) continue;
      const answer = last.get(thread);
      const isWaiting = answer !== undefined && !answer.has;
      answers.set(thread, isWaiting ? answer : new Answer(pool.probe(thread), now));
      if (isWaiting && now >= answer.since + maxAnswerMs) onBlocked(request, startedAt, now);
    }
    start();
  }

  /** An agent that waits for nothing else may exit. */
  function start(): void {
    if (orphans.length > 0) timer ??= setTimeout(check, PROBE_MS).unref();
  }

  return {
    add(request, startedAt) {
      request.orphan();
      pool.addOrphans(request.thread, 1);
      orphans.push({ request, startedAt });
      start();
    },
    stop() {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}
