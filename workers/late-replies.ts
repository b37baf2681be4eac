/**
 * Sends late replies: the outcomes that come after their batch, or do not fit into its slot. A thread sends replies only
 * as long as the main thread has room for them; the others wait here, in their order.
 *
 * Replies that wait always get on: credit comes back when clients read, or when their connections close, which a client
 * that reads nothing cannot prevent; and a thread without any reply on its way may always send one, however long.
 */
import { createReplyAccount, type ReplyAccount, returnedUnits, setFull, setWaiting, unitsOf } from './reply-account.ts';
import { failureOf } from './run-raw.ts';
import type { LateReply, ThreadMessage } from './task.ts';

/** The credit of a thread, in KiB: what it may send before the main thread gives credit back. */
const CREDIT_UNITS = 4 * 1024;

export type LateReplies = {
  /** Sends an outcome at the end of this turn of the event loop, in one message with the others of the turn. */
  add(lateReply: LateReply): void;
  /** Sends what waits and has credit, without the turn of the event loop. */
  sendNow(): void;
  /** Drops the reply of a request, and the parts of its stream, if they wait; the request gets an outcome without a reply. */
  drop(ticket: number, index: number): void;
  /** The main thread has given credit back. */
  resume(): void;
  /** Whether so many bytes wait that the thread must start no further request. */
  readonly isFull: boolean;
};

export type LateRepliesOptions = {
  /** Posts a message and transfers the memory. */
  send: (message: ThreadMessage, memory: ArrayBuffer[]) => void;
  /**
   * The size of waiting replies from which on the thread is full, in bytes.
   * @default Infinity
   */
  maxBytes?: number;
  /** The account that the main thread has too. */
  account?: ReplyAccount;
};

export function createLateReplies(options: LateRepliesOptions): LateReplies {
  const { send, maxBytes = Number.POSITIVE_INFINITY, account = createReplyAccount() } = options;
  let unsent: LateReply[] = [];
  let unsentBytes = 0;
  let isScheduled = false;
  /** All credit taken so far; wraps around. */
  let takenUnits = 0;
  // A handler that ends the thread must not lose the outcomes of other requests.
  process.on('exit', () => sendEach(unsent.splice(0)));

  function flush(): void {
    isScheduled = false;
    sendEach(takeSendable());
    if (unsent.length === 0) return;
    setWaiting(account);
    // Credit that came back before that word was set has told nothing to this thread.
    sendEach(takeSendable());
  }

  /** Removes the replies for which there is credit, and the outcomes that need none. */
  function takeSendable(): LateReply[] {
    const sendable: LateReply[] = [];
    let onWay = (takenUnits - returnedUnits(account)) | 0;
    let mayTake = true;
    const rest: LateReply[] = [];
    for (const lateReply of unsent) {
      const units = unitsOf(lateReply.reply?.length ?? 0);
      if (units > 0) mayTake &&= onWay === 0 || onWay + units <= CREDIT_UNITS;
      if (units > 0 && !mayTake) rest.push(lateReply);
      else {
        onWay += units;
        sendable.push(lateReply);
      }
    }
    unsent = rest;
    return sendable;
  }

  function sendEach(outcomes: LateReply[]): void {
    if (outcomes.length === 0) return;
    for (const { reply } of outcomes) unsentBytes -= reply?.length ?? 0;
    try {
      sendAll(outcomes);
    } catch {
      // One that cannot be sent costs no other request its outcome.
      for (const outcome of outcomes) sendOne(outcome);
    }
    noteSize();
  }

  function sendAll(outcomes: LateReply[]): void {
    let units = 0;
    // Each reply has memory of its own, which can be transferred instead of copied.
    const memory: ArrayBuffer[] = [];
    for (const { reply } of outcomes) {
      if (reply === undefined) continue;
      memory.push(reply.buffer as ArrayBuffer);
      units += unitsOf(reply.length);
    }
    send({ launchpool: 'late-replies', outcomes, units }, memory);
    takenUnits = (takenUnits + units) | 0;
  }

  function sendOne(outcome: LateReply): void {
    try {
      sendAll([outcome]);
    } catch (thrown) {
      const { ticket, index } = outcome;
      sendAll([{ ticket, index, failure: failureOf(thrown).error }]);
    }
  }

  function noteSize(): void {
    if (unsentBytes >= maxBytes === lateReplies.isFull) return;
    lateReplies.isFull = !lateReplies.isFull;
    setFull(account, lateReplies.isFull);
    if (!lateReplies.isFull) send({ launchpool: 'room' }, []);
  }

  function schedule(): void {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(flush);
  }

  // A property, not a getter: it is read before each request.
  const lateReplies = {
    isFull: false,
    add(lateReply: LateReply): void {
      unsent.push(lateReply);
      unsentBytes += lateReply.reply?.length ?? 0;
      noteSize();
      schedule();
    },
    drop(ticket: number, index: number): void {
      const kept: LateReply[] = [];
      for (const lateReply of unsent) {
        const isDropped = lateReply.ticket === ticket && lateReply.index === index;
        if (isDropped) unsentBytes -= lateReply.reply?.length ?? 0;
        if (!isDropped) kept.push(lateReply);
        else if (lateReply.stream === undefined) kept.push({ ticket, index });
      }
      unsent = kept;
      noteSize();
      schedule();
    },
    sendNow: flush,
    resume: schedule,
  };
  return lateReplies;
}
