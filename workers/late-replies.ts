/** Sends late replies: the outcomes that come after their batch, or do not fit into its slot. */
import { failureOf } from './run-raw.ts';
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
    try {
      sendAll(outcomes);
    } catch {
      // One that cannot be sent costs no other request its outcome.
      for (const outcome of outcomes) sendOne(outcome);
    }
  }

  function sendAll(outcomes: LateReply[]): void {
    const memory: ArrayBuffer[] = [];
    // Each reply has memory of its own, which can be transferred instead of copied.
    for (const { reply } of outcomes) if (reply !== undefined) memory.push(reply.buffer as ArrayBuffer);
    send({ launchpool: 'late-replies', outcomes }, memory);
  }

  function sendOne(outcome: LateReply): void {
    try {
      sendAll([outcome]);
    } catch (thrown) {
      const { ticket, index } = outcome;
      sendAll([{ ticket, index, failure: failureOf(thrown).error }]);
    }
  }

  return {
    add(lateReply) {
      if (unsent.length === 0) setImmediate(flush);
      unsent.push(lateReply);
    },
  };
}
