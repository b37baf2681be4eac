/** Requests that must not start now: they keep the order of their connection, and finding the next one takes no search. */
import test from 'ava';
import { createParkedRequests } from '../../../../src/dispatch/batch/parked-requests.ts';
import { QueuedRange } from '../../../../src/dispatch/batch/queued-range.ts';
import { FrameRange } from '../../../../src/dispatch/connection/frame-range.ts';
import { createReplyQueue, type ReplyQueue } from '../../../../src/dispatch/connection/reply-queue.ts';
import { runOf } from '../../../helpers/dispatch-bench.ts';
import { ANY_TIME, replyQueueOptions } from '../../../helpers/reply-queue-options.ts';

/** A connection of which only requests up to a position may start. Counts the questions. */
function createConnection(): { replyQueue: ReplyQueue; rule: { startable: number; asked: number } } {
  const none = (): void => undefined;
  const sink = {
    send: none,
    fail: none,
    settled: none,
    balance: none,
    onFault: none,
    sendPart: () => undefined,
    isWriteBlocked: () => false,
  };
  const replyQueue = createReplyQueue(sink, replyQueueOptions(true));
  const rule = { startable: 0, asked: 0 };
  replyQueue.isStalled = (group): boolean => {
    rule.asked += 1;
    return group.order >= rule.startable;
  };
  return { replyQueue, rule };
}

function rangesOf(replyQueue: ReplyQueue, count: number): QueuedRange[] {
  return Array.from({ length: count }, (_, index) => {
    const bytes = runOf(String(index));
    const group = replyQueue.open(1, bytes.length, ANY_TIME);
    return new QueuedRange(new FrameRange(replyQueue, group, 0, 1), bytes, () => undefined);
  });
}

const ordersOf = (ranges: readonly QueuedRange[]): number[] => ranges.map(({ range }) => range.group.order);

test('they start in the order of their connection, also those that are parked late', (t) => {
  const { replyQueue, rule } = createConnection();
  const parked = createParkedRequests(() => undefined);
  const ranges = rangesOf(replyQueue, 6);
  for (const index of [2, 3, 5, 0, 4, 1]) parked.add(ranges[index] as QueuedRange);
  t.deepEqual([parked.frames, parked.waitingOf(replyQueue)], [6, 6]);
  t.deepEqual(parked.takeStartable(replyQueue), []);
  rule.startable = 2;
  t.deepEqual(ordersOf(parked.takeStartable(replyQueue)), [0, 1]);
  rule.startable = 6;
  t.deepEqual(ordersOf(parked.takeStartable(undefined)), [2, 3, 4, 5]);
  t.is(parked.frames, 0);
});

test('each settlement asks about few requests, however many are parked', (t) => {
  const { replyQueue, rule } = createConnection();
  const parked = createParkedRequests(() => undefined);
  const count = 2_000;
  for (const range of rangesOf(replyQueue, count)) parked.add(range);
  for (rule.startable = 1; rule.startable <= count; rule.startable += 1) {
    t.is(parked.takeStartable(replyQueue).length, 1);
  }
  t.true(rule.asked <= 2 * count);
});
