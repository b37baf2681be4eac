/** An in-flight batch: each frame is settled once, taken back, or stays open. */
import test from 'ava';
import type { Batch } from '../../../../src/dispatch/batch/batch.ts';
import { createBatcher } from '../../../../src/dispatch/batch/batcher.ts';
import { createInFlightBatch } from '../../../../src/dispatch/batch/dispatched-batch.ts';
import type { InFlightBatch } from '../../../../src/dispatch/batch/in-flight-batch.ts';
import { createSlotPool } from '../../../../src/dispatch/batch/slot-pool.ts';
import { FrameRange } from '../../../../src/dispatch/connection/frame-range.ts';
import { createReplyQueue, type ReplyQueue } from '../../../../src/dispatch/connection/reply-queue.ts';
import { SLOT_BYTES, slotsOf } from '../../../../workers/slot.ts';
import { EXITED, runOf, textsOf } from '../../../helpers/dispatch-bench.ts';
import { createHandWorker, type HandWorker } from '../../../helpers/hand-worker.ts';
import { ANY_TIME, replyQueueOptions } from '../../../helpers/reply-queue-options.ts';

type Rig = { inFlight: InFlightBatch; worker: HandWorker; received: string[]; replyQueue: ReplyQueue };

/** A batch of these requests. The first one is a frame range of its own. */
function dispatch(...requests: string[]): Rig {
  const received: string[] = [];
  const end = {
    send: (frames: Uint8Array) => received.push(textsOf(frames).join(' ')),
    fail: ({ code }: { code?: string | number }) => received.push(`!${code}`),
    settled: () => undefined,
    balance: () => undefined,
    sendPart: () => undefined,
    isWriteBlocked: () => false,
    onFault(error: unknown) {
      throw error;
    },
  };
  const replyQueue = createReplyQueue(end, replyQueueOptions(false));
  const batcher = createBatcher(createSlotPool(slotsOf(new SharedArrayBuffer(SLOT_BYTES))));
  for (const texts of [requests.slice(0, 1), requests.slice(1)]) {
    const run = runOf(...texts);
    if (texts.length === 0) continue;
    const group = replyQueue.open(texts.length, run.length, ANY_TIME);
    batcher.add(new FrameRange(replyQueue, group, 0, texts.length), run);
  }
  const batch = batcher.take() as Batch;
  return {
    inFlight: createInFlightBatch(batch, () => undefined),
    worker: createHandWorker(batch.slot, 5),
    received,
    replyQueue,
  };
}

const REQUESTS = [1, 2, 3].map((id) => `{"id":${id},"method":"m"}`);

test('consecutive replies are sent together, one run per frame range', (t) => {
  const { inFlight, worker, received } = dispatch('a', 'b', 'c', 'd');
  for (const text of ['A', 'B', 'C', 'D']) worker.finish(worker.start()?.index ?? -1, runOf(text));
  inFlight.collect();
  t.deepEqual([received, inFlight.unsettled], [['A', 'B C D'], 0]);
});

test('collected frames are settled once', (t) => {
  const { inFlight, worker, received } = dispatch('a', 'b');
  worker.finish(worker.start()?.index ?? -1, runOf('A'));
  inFlight.collect();
  inFlight.collect();
  t.is(inFlight.unsettled, 1);
  worker.finish(worker.start()?.index ?? -1, undefined);
  inFlight.collect();
  inFlight.collect();
  t.deepEqual([inFlight.unsettled, received], [0, ['A']]);
});

test('collected frames are settled once when all are settled together and the rest was taken back', (t) => {
  const { inFlight, worker, received } = dispatch('a', 'b');
  worker.finish(worker.start()?.index ?? -1, runOf('A'));
  inFlight.takeBack();
  inFlight.collect();
  inFlight.collect();
  t.deepEqual([received, inFlight.unsettled], [['A'], 0]);
});

test('frames that have not started are taken back once, with their bytes', (t) => {
  const { inFlight, worker } = dispatch('a', 'b', 'c');
  worker.start();
  worker.start();
  const notStarted = inFlight.takeBack();
  t.deepEqual(textsOf(notStarted?.bytes ?? Buffer.alloc(0)), ['c']);
  t.deepEqual(
    notStarted?.ranges.map(({ first, count }) => [first, count]),
    [[1, 1]],
  );
  t.deepEqual([inFlight.takeBack(), worker.start(), inFlight.unsettled], [undefined, undefined, 2]);
});

test('a batch is stuck at the third check without progress; progress starts the count again', (t) => {
  const { inFlight, worker } = dispatch('a', 'b');
  const checks = [inFlight.isStuck(), inFlight.isStuck()];
  worker.start();
  t.deepEqual(
    [...checks, inFlight.isStuck(), inFlight.isStuck(), inFlight.isStuck()],
    [false, false, false, false, true],
  );
});

test('a late reply settles an open frame and no other', (t) => {
  const { inFlight, worker, received } = dispatch('a', 'b', 'c');
  worker.start();
  worker.finish(worker.start()?.index ?? -1, runOf('B'));
  inFlight.takeBack();
  t.deepEqual(
    [0, 0, 2].map((index) => inFlight.settle(index, { reply: runOf('late') })),
    [true, false, false],
  );
  inFlight.collect();
  t.deepEqual([received, inFlight.settle(1, { reply: runOf('again') })], [['late', 'B'], false]);
});

test('frames lost with their thread get error replies by id after their slot was reused; settled frames do not', (t) => {
  const { inFlight, worker, received } = dispatch(...REQUESTS);
  for (const _request of REQUESTS) worker.start();
  worker.finish(1, runOf('done'));
  inFlight.collect();
  inFlight.complete();
  inFlight.batch.slot.input.fill(0xff);
  inFlight.settle(2, { reply: runOf('late') });
  inFlight.fail(EXITED, false);
  const ids = received.map((text) => (text.startsWith('{') ? (JSON.parse(text) as { id: number }).id : text));
  t.deepEqual([ids, inFlight.unsettled], [['done', 'late', 1], 0]);
});

test('the thread is still known when another thread has the slot', (t) => {
  const { inFlight, worker } = dispatch('a');
  t.is(inFlight.thread, 0);
  worker.start();
  inFlight.complete();
  inFlight.batch.slot.thread = 9;
  t.is(inFlight.thread, 5);
});

test('a frame that started since the last observation counts as started now', (t) => {
  const { inFlight, worker } = dispatch('a', 'b');
  worker.start();
  inFlight.observeStarts(100);
  const asked = performance.now();
  worker.start();
  const started: (number | undefined)[] = [];
  inFlight.visit(({ startedAt }) => started.push(startedAt));
  t.is(started[0], 100);
  t.true((started[1] ?? 0) >= asked);
  t.is(inFlight.notStarted, 0);
});
