/** Requests that wait by their connections, which take turns. */
import test from 'ava';
import fc from 'fast-check';
import { Batch } from '../../../../src/dispatch/batch/batch.ts';
import { QueuedRange } from '../../../../src/dispatch/batch/queued-range.ts';
import { Turns } from '../../../../src/dispatch/batch/turns.ts';
import { FrameRange } from '../../../../src/dispatch/connection/frame-range.ts';
import { createReplyQueue, type ReplyQueue } from '../../../../src/dispatch/connection/reply-queue.ts';
import { SLOT_BYTES, type Slot, slotsOf } from '../../../../workers/slot.ts';
import { runOf, textsOf } from '../../../helpers/dispatch-bench.ts';
import { ANY_TIME, replyQueueOptions } from '../../../helpers/reply-queue-options.ts';

const [slot] = slotsOf(new SharedArrayBuffer(SLOT_BYTES)) as [Slot];

/** A connection, which reads its replies until `blocked` is set. */
function openConnection(): { replyQueue: ReplyQueue; end: { blocked: boolean } } {
  const end = { blocked: false };
  const none = (): void => undefined;
  const sink = {
    send: none,
    fail: none,
    settled: none,
    onFault: none,
    balance: none,
    sendPart: () => undefined,
    isWriteBlocked: () => end.blocked,
  };
  return { replyQueue: createReplyQueue(sink, replyQueueOptions(false)), end };
}

function queued(replyQueue: ReplyQueue, texts: readonly string[]): QueuedRange {
  const bytes = runOf(...texts);
  const group = replyQueue.open(texts.length, bytes.length, ANY_TIME);
  return new QueuedRange(new FrameRange(replyQueue, group, 0, texts.length), bytes, () => undefined);
}

function take(fill: (batch: Batch) => void): string[] {
  const batch = new Batch(slot, 1);
  fill(batch);
  return textsOf(slot.input.subarray(0, batch.inputEnd));
}

const never = (): never => {
  throw new Error('nothing is parked');
};

test('a batch has as many requests of each connection, and those that got less are first in the next one', (t) => {
  const turns = new Turns(never);
  for (const name of ['a', 'b', 'c']) {
    turns.add(
      queued(
        openConnection().replyQueue,
        [1, 2, 3, 4].map((index) => `${name}${index}`),
      ),
    );
  }
  t.deepEqual(
    take((batch) => turns.fill(batch, 7)),
    ['a1', 'a2', 'b1', 'b2', 'c1', 'c2'],
  );
  t.is(turns.frames, 6);
  t.deepEqual(
    take((batch) => turns.fill(batch, 2)),
    ['a3', 'b3'],
  );
  t.deepEqual(
    take((batch) => turns.fill(batch, 9)),
    ['c3', 'c4', 'a4', 'b4'],
  );
  t.true(turns.isEmpty);
});

test('an extra place goes to each connection of which no request runs', (t) => {
  const turns = new Turns(never);
  const [idle, busy] = [openConnection().replyQueue, openConnection().replyQueue];
  busy.open(1, 10, ANY_TIME);
  turns.add(queued(idle, ['idle 1', 'idle 2']));
  turns.add(queued(busy, ['busy 1']));
  t.deepEqual(
    take((batch) => turns.fillExtra(batch, 10, () => 0)),
    ['idle 1'],
  );
  t.deepEqual([turns.waitingOf(idle), turns.waitingOf(busy)], [1, 1]);
  // The other request of that connection waits elsewhere.
  t.deepEqual(
    take((batch) => turns.fillExtra(batch, 10, (of) => (of === busy ? 1 : 0))),
    ['busy 1'],
  );
});

test('requests of a client that does not read its replies are parked, and cost the others no turn', (t) => {
  const parked: QueuedRange[] = [];
  const turns = new Turns((one) => parked.push(one));
  const [slow, quick] = [openConnection(), openConnection()];
  turns.add(queued(slow.replyQueue, ['slow 1', 'slow 2']));
  turns.add(queued(quick.replyQueue, ['quick 1']));
  slow.end.blocked = true;
  t.deepEqual(
    take((batch) => turns.fill(batch, 10)),
    ['quick 1'],
  );
  t.deepEqual(
    parked.map(({ left }) => left),
    [2],
  );
  t.true(turns.isEmpty);
});

test('every request leaves once, in the order of its connection', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(4), fc.integer({ min: 1, max: 6 })), { maxLength: 12 }),
      fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 4 }),
      (arrivals, sizes) => {
        const turns = new Turns(never);
        const connections = Array.from({ length: 5 }, () => openConnection().replyQueue);
        const sent: string[][] = connections.map(() => []);
        for (const [at, count] of arrivals) {
          const texts = Array.from({ length: count }, (_, index) => `${at}:${(sent[at] as string[]).length + index}`);
          sent[at]?.push(...texts);
          turns.add(queued(connections[at] as ReplyQueue, texts));
        }
        const taken: string[] = [];
        for (let round = 0; !turns.isEmpty; round += 1) {
          const size = sizes[round % sizes.length] as number;
          const batch = take((into) => turns.fill(into, size));
          if (batch.length === 0 || batch.length > size) return false;
          taken.push(...batch);
        }
        const of = (at: number): string[] => taken.filter((text) => text.startsWith(`${at}:`));
        return sent.every((texts, at) => String(texts) === String(of(at)));
      },
    ),
  );
  t.pass();
});
