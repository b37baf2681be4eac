/** The side way for outcomes: those that come after their batch, and those that do not fit into it. */
import type { LateReply, ThreadMessage } from './task.ts';

export type LateReplies = {
  /** Sends an outcome, together with the others of the same turn of the event loop. */
  tell(lateReply: LateReply): void;
};

/** @param send posts a message; the memory goes along without being copied. */
export function createLateReplies({
  send: post,
}: {
  send: (message: ThreadMessage, memory: ArrayBuffer[]) => void;
}): LateReplies {
  let waiting: LateReply[] = [];
  // A handler that ends the thread must not take along what others have finished.
  process.on('exit', send);

  function send(): void {
    if (waiting.length === 0) return;
    const outcomes = waiting;
    waiting = [];
    // Replies have memory of their own, which may leave this thread without being copied.
    const memory = outcomes.flatMap(({ reply }) => (reply === undefined ? [] : [reply.buffer as ArrayBuffer]));
    post({ launchpool: 'aside', outcomes }, memory);
  }

  return {
    tell(lateReply) {
      if (waiting.length === 0) setImmediate(send);
      waiting.push(lateReply);
    },
  };
}
