/** One batch on its way: each frame is settled once, taken back, or owed. */
import test from 'ava';
import { type Batch, createBatcher } from '../../../../src/dispatch/batch/batcher.ts';
import { createInFlightBatch, type InFlightBatch } from '../../../../src/dispatch/batch/in-flight-batch.ts';
import { createSlotPool } from '../../../../src/dispatch/batch/slot-pool.ts';
import { createReplyQueue, type ReplyQueue } from '../../../../src/dispatch/connection/reply-queue.ts';
import { SLOT_BYTES, slotsOf } from '../../../../workers/slot.ts';
import { EXITED, runOf, textsOf } from '../../../helpers/dispatch-bench.ts';
import { createHandWorker, type HandWorker } from '../../../helpers/hand-worker.ts';
import { ANY_TIME, replyQueueOptions } from '../../../helpers/reply-queue-options.ts';

type Rig = { inFlight: InFlightBatch; worker: HandWorker; received: string[]; replyQueue: ReplyQueue };

/** A batch of these requests, of two pieces when there is more than one request. */
function dispatch(...requests: string[]): Rig {
  const received: string[] = [];
  const end = {
    send: (frames: Uint8Array) => received.push(textsOf(frames).join(' ')),
    fail: ({ code }: { code?: string | number }) => received.push(`!${code}`),
    settled: () => undefined,
    isWriteBlocked: () => false,
  };
  const replyQueue = createReplyQueue(end, replyQueueOptions(false));
  const batcher = createBatcher(createSlotPool(slotsOf(new SharedArrayBuffer(SLOT_BYTES))));
  for (const texts of [requests.slice(0, 1), requests.slice(1)]) {
    const run = runOf(...texts);
    if (texts.length > 0)
      batcher.add(
        { replyQueue, group: replyQueue.open(texts.length, run.length, ANY_TIME), first: 0, count: texts.length },
        run,
      );
  }
  const batch = batcher.take() as Batch;
  return {
    inFlight: createInFlightBatch(batch, () => undefined),
    worker: createHandWorker(batch.slot, 5, 'rpc'),
    received,
    replyQueue,
  };
}

const REQUESTS = [1, 2, 3].map((id) => `{"id":${id},"method":"m"}`);

test('replies that stand one behind the other go together, by connection and segment', (t) => {
  const { inFlight, worker, received } = dispatch('a', 'b', 'c', 'd');
  for (const text of ['A', 'B', 'C', 'D']) worker.finish(worker.begin()?.index ?? -1, runOf(text));
  t.deepEqual(inFlight.collect(), { frames: 4, bytes: 20 });
  t.deepEqual([received, inFlight.unsettled], [['A', 'B C D'], 0]);
});

test('what is collected is settled once', (t) => {
  const { inFlight, worker, received } = dispatch('a', 'b');
  worker.finish(worker.begin()?.index ?? -1, runOf('A'));
  inFlight.collect();
  t.deepEqual(inFlight.collect(), { frames: 0, bytes: 0 });
  worker.finish(worker.begin()?.index ?? -1, undefined);
  t.deepEqual([inFlight.collect().frames, inFlight.collect().frames, received], [1, 0, ['A']]);
});

test('what is collected is settled once though all at once and the rest was taken back', (t) => {
  const { inFlight, worker, received } = dispatch('a', 'b');
  worker.finish(worker.begin()?.index ?? -1, runOf('A'));
  inFlight.takeBack();
  inFlight.collect();
  t.deepEqual([inFlight.collect().frames, received, inFlight.unsettled], [0, ['A'], 0]);
});

test('what has not been begun is taken back with its bytes, once', (t) => {
  const { inFlight, worker } = dispatch('a', 'b', 'c');
  worker.begin();
  worker.begin();
  const notStarted = inFlight.takeBack();
  t.deepEqual(textsOf(notStarted?.bytes ?? Buffer.alloc(0)), ['c']);
  t.deepEqual(
    notStarted?.ranges.map(({ first, count }) => [first, count]),
    [[1, 1]],
  );
  t.deepEqual([inFlight.takeBack(), worker.begin(), inFlight.unsettled], [undefined, undefined, 2]);
});

test('three looks without progress are needed to be stuck, and progress starts anew', (t) => {
  const { inFlight, worker } = dispatch('a', 'b');
  const checks = [inFlight.isStuck(), inFlight.isStuck()];
  worker.begin();
  t.deepEqual(
    [...checks, inFlight.isStuck(), inFlight.isStuck(), inFlight.isStuck()],
    [false, false, false, false, true],
  );
});

test('an outcome told aside settles a frame that is open, and no other', (t) => {
  const { inFlight, worker, received } = dispatch('a', 'b', 'c');
  worker.begin();
  worker.finish(worker.begin()?.index ?? -1, runOf('B'));
  inFlight.takeBack();
  t.deepEqual(
    [0, 0, 2].map((index) => inFlight.settle(index, { reply: runOf('aside') })),
    [true, false, false],
  );
  inFlight.collect();
  t.deepEqual([received, inFlight.settle(1, { reply: runOf('again') })], [['aside', 'B'], false]);
});

test('what is lost is answered by its id though its slot has been used for others, and what is settled is not', (t) => {
  const { inFlight, worker, received } = dispatch(...REQUESTS);
  for (const _request of REQUESTS) worker.begin();
  worker.finish(1, runOf('done'));
  inFlight.collect();
  inFlight.complete();
  inFlight.batch.slot.input.fill(0xff);
  inFlight.settle(2, { reply: runOf('late') });
  inFlight.fail(EXITED, false);
  const ids = received.map((text) => (text.startsWith('{') ? (JSON.parse(text) as { id: number }).id : text));
  t.deepEqual([ids, inFlight.unsettled], [['done', 'late', 1], 0]);
});

test('the thread is still known when its slot has another', (t) => {
  const { inFlight, worker } = dispatch('a');
  t.is(inFlight.thread, 0);
  worker.begin();
  inFlight.complete();
  inFlight.batch.slot.thread = 9;
  t.is(inFlight.thread, 5);
});

test('what has been begun since the last look has not run for longer than that', (t) => {
  const { inFlight, worker } = dispatch('a', 'b');
  worker.begin();
  inFlight.observeStarts(100);
  const asked = performance.now();
  worker.begin();
  const started: (number | undefined)[] = [];
  inFlight.visit(
    () => true,
    ({ startedAt }) => started.push(startedAt),
  );
  t.is(started[0], 100);
  t.true((started[1] ?? 0) >= asked);
  t.is(inFlight.notStarted, 0);
});
