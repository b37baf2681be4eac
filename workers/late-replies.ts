/** Sends late replies: the outcomes that come after their batch, or do not fit into its slot. */
import type { LateReply, ThreadMessage } from './task.ts';

export type LateReplies = {
  /** Sends an outcome at the end of this turn of the event loop, in one message with the others of the turn. */
  add(lateReply: LateReply): void;
};

export type LateRepliesOptions = {
  /** Posts a message and transfers the memory. */
  send: (message: ThreadMessage, memory: ArrayBuffer[]) => void;
};

export function createLateReplies({ send }: LateRepliesOptions): LateReplies {
  let unsent: LateReply[] = [];
  // A handler that ends the thread must not lose the outcomes of other requests.
  process.on('exit', flush);

  function flush(): void {
    if (unsent.length === 0) return;
    const outcomes = unsent;
    unsent = [];
    // Each reply has memory of its own, which can be transferred instead of copied.
    const memory = outcomes.flatMap(({ reply }) => (reply === undefined ? [] : [reply.buffer as ArrayBuffer]));
    send({ launchpool: 'late-replies', outcomes }, memory);
  }

  return {
    add(lateReply) {
      if (unsent.length === 0) setImmediate(flush);
      unsent.push(lateReply);
    },
  };
}
