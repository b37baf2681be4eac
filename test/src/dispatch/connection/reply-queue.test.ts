/** In whatever order requests are settled: RPC replies are sent at once, raw replies in the order of their requests. */
import { deepStrictEqual } from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import {
  createReplyQueue,
  type ReplyQueue,
  type ReplyQueueOptions,
} from '../../../../src/dispatch/connection/reply-queue.ts';
import { runOf, textsOf } from '../../../helpers/dispatch-bench.ts';
import { ANY_TIME, replyQueueOptions } from '../../../helpers/reply-queue-options.ts';

const REFUSED = { name: 'Error', message: 'refused', code: 'E_REFUSED' };
const FAILED = { name: 'Error', message: 'failed', code: 'E_FAILED' };

function openReplyQueue(
  isRaw: boolean,
  more: Partial<ReplyQueueOptions> = {},
): { replyQueue: ReplyQueue; received: string[] } {
  const received: string[] = [];
  const end = {
    send: (frames: Uint8Array) => received.push(...textsOf(frames)),
    fail: ({ code }: { code?: string | number }) => received.push(`!${code}`),
    settled: () => undefined,
    balance: () => undefined,
    sendPart: () => undefined,
    isWriteBlocked: () => false,
    onFault(error: unknown) {
      throw error;
    },
  };
  return { replyQueue: createReplyQueue(end, { ...replyQueueOptions(isRaw), ...more }), received };
}

test('raw replies wait for those before them, across request groups', (t) => {
  const { replyQueue, received } = openReplyQueue(true);
  const [one, two] = [replyQueue.open(2, 20, ANY_TIME), replyQueue.open(1, 10, ANY_TIME)];
  replyQueue.settle(two, 0, 1, { frames: runOf('c') });
  replyQueue.settle(one, 1, 1, { frames: runOf('b') });
  t.deepEqual([received, replyQueue.requests, replyQueue.bytes], [[], 3, 30]);
  replyQueue.settle(one, 0, 1, { frames: runOf('a') });
  t.deepEqual([received, replyQueue.requests, replyQueue.bytes], [['a', 'b', 'c'], 0, 0]);
});

test('RPC replies are sent without waiting for others', (t) => {
  const { replyQueue, received } = openReplyQueue(false);
  const [one, two] = [replyQueue.open(2, 20, ANY_TIME), replyQueue.open(1, 10, ANY_TIME)];
  replyQueue.settle(two, 0, 1, { frames: runOf('c') });
  t.deepEqual([received, replyQueue.requests, replyQueue.bytes], [['c'], 2, 20]);
  replyQueue.settle(one, 1, 1, { frames: runOf('b') });
  replyQueue.settle(one, 0, 1, { frames: runOf('a') });
  t.deepEqual([received, replyQueue.requests, replyQueue.bytes], [['c', 'b', 'a'], 0, 0]);
});

test('a waiting reply is kept when its bytes are overwritten', (t) => {
  const { replyQueue, received } = openReplyQueue(true);
  const group = replyQueue.open(2, 20, ANY_TIME);
  const memory = runOf('b');
  replyQueue.settle(group, 1, 1, { frames: memory });
  memory.fill(0);
  replyQueue.settle(group, 0, 1, { frames: runOf('a') });
  t.deepEqual(received, ['a', 'b']);
});

test('a failure closes the connection behind the replies before it, and nothing is sent after it', (t) => {
  const { replyQueue, received } = openReplyQueue(true);
  const group = replyQueue.open(3, 30, ANY_TIME);
  replyQueue.settle(group, 1, 1, { failure: FAILED });
  replyQueue.settle(group, 2, 1, { frames: runOf('c') });
  replyQueue.settle(group, 0, 1, { frames: runOf('a') });
  t.deepEqual([received, replyQueue.requests, replyQueue.abandoned], [['a', '!E_FAILED'], 0, true]);
});

for (const isRaw of [true, false]) {
  test(`a refusal waits until all requests are settled, ${isRaw ? 'raw' : 'RPC'}`, (t) => {
    const { replyQueue, received } = openReplyQueue(isRaw);
    const group = replyQueue.open(1, 10, ANY_TIME);
    replyQueue.refuse(REFUSED);
    t.deepEqual(received, []);
    replyQueue.settle(group, 0, 1, { frames: runOf('a') });
    t.deepEqual([received[0], received.at(-1), received.length], ['a', '!E_REFUSED', isRaw ? 2 : 3]);
  });
}

test('a closed connection is sent nothing, and its requests are counted off', (t) => {
  const { replyQueue, received } = openReplyQueue(true);
  const group = replyQueue.open(2, 20, ANY_TIME);
  replyQueue.refuse(REFUSED);
  replyQueue.abandon();
  replyQueue.settle(group, 1, 1, { failure: FAILED });
  replyQueue.settle(group, 0, 1, { frames: runOf('a') });
  t.deepEqual([received, replyQueue.requests, replyQueue.bytes], [[], 0, 0]);
});

test('in any order of settlements in any groups, each raw reply is sent once and as early as possible', (t) => {
  const anyRanges = fc.array(
    fc.array(fc.record({ count: fc.integer({ min: 1, max: 4 }), turn: fc.nat(), none: fc.boolean() }), {
      minLength: 1,
      maxLength: 5,
    }),
    { maxLength: 8 },
  );
  const inOrder = fc.property(anyRanges, (groups) => {
    const { replyQueue, received } = openReplyQueue(true);
    let position = 0;
    const rows = groups.flatMap((row) => {
      const group = replyQueue.open(
        row.reduce((sum, { count }) => sum + count, 0),
        10,
        ANY_TIME,
      );
      let first = 0;
      return row.map(({ count, turn, none }) => {
        const texts = none ? [] : Array.from({ length: count }, (_unused, index) => String(position + index));
        const settled = { group, first, count, turn, texts, position, end: position + count };
        first += count;
        position += count;
        return settled;
      });
    });
    const pending = new Set(rows);
    for (const row of [...rows].sort((a, b) => a.turn - b.turn)) {
      replyQueue.settle(row.group, row.first, row.count, row.texts.length === 0 ? {} : { frames: runOf(...row.texts) });
      pending.delete(row);
      const open = Math.min(position, ...[...pending].map((other) => other.position));
      deepStrictEqual(
        received,
        rows.filter(({ end }) => end <= open).flatMap(({ texts }) => texts),
      );
      deepStrictEqual(replyQueue.requests, position - open);
    }
    deepStrictEqual(replyQueue.bytes, 0);
  });
  t.notThrows(() => fc.assert(inOrder, { numRuns: 500 }));
});
