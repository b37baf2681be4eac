/** One batch on its way: each frame is settled once, taken back, or owed. */
import test from 'ava';
import { type Batch, createBatcher } from '../../../../src/dispatch/batch/batcher.ts';
import { createFlight, type Flight } from '../../../../src/dispatch/batch/in-flight-batch.ts';
import { createFreeSlots } from '../../../../src/dispatch/batch/slot-pool.ts';
import { createLane, type Lane } from '../../../../src/dispatch/connection/reply-queue.ts';
import { SLOT_BYTES, slotsOf } from '../../../../workers/slot.ts';
import { EXITED, runOf, textsOf } from '../../../helpers/dispatch-bench.ts';
import { createHandWorker, type HandWorker } from '../../../helpers/hand-worker.ts';
import { ANY_TIME, laneOptions } from '../../../helpers/reply-queue-options.ts';

type Rig = { flight: Flight; worker: HandWorker; told: string[]; lane: Lane };

/** A batch of these requests, of two pieces when there is more than one request. */
function fly(...requests: string[]): Rig {
  const told: string[] = [];
  const end = {
    send: (frames: Uint8Array) => told.push(textsOf(frames).join(' ')),
    fail: ({ code }: { code?: string | number }) => told.push(`!${code}`),
    settled: () => undefined,
    isFull: () => false,
  };
  const lane = createLane(end, laneOptions(false));
  const batcher = createBatcher(createFreeSlots(slotsOf(new SharedArrayBuffer(SLOT_BYTES))));
  for (const texts of [requests.slice(0, 1), requests.slice(1)]) {
    const run = runOf(...texts);
    if (texts.length > 0)
      batcher.add({ lane, segment: lane.open(texts.length, run.length, ANY_TIME), first: 0, count: texts.length }, run);
  }
  const batch = batcher.take() as Batch;
  return { flight: createFlight(batch, () => undefined), worker: createHandWorker(batch.slot, 5, 'rpc'), told, lane };
}

const REQUESTS = [1, 2, 3].map((id) => `{"id":${id},"method":"m"}`);

test('replies that stand one behind the other go together, by connection and segment', (t) => {
  const { flight, worker, told } = fly('a', 'b', 'c', 'd');
  for (const text of ['A', 'B', 'C', 'D']) worker.finish(worker.begin()?.index ?? -1, runOf(text));
  t.deepEqual(flight.collect(), { frames: 4, bytes: 20 });
  t.deepEqual([told, flight.owed], [['A', 'B C D'], 0]);
});

test('what is collected is settled once', (t) => {
  const { flight, worker, told } = fly('a', 'b');
  worker.finish(worker.begin()?.index ?? -1, runOf('A'));
  flight.collect();
  t.deepEqual(flight.collect(), { frames: 0, bytes: 0 });
  worker.finish(worker.begin()?.index ?? -1, undefined);
  t.deepEqual([flight.collect().frames, flight.collect().frames, told], [1, 0, ['A']]);
});

test('what is collected is settled once though all at once and the rest was taken back', (t) => {
  const { flight, worker, told } = fly('a', 'b');
  worker.finish(worker.begin()?.index ?? -1, runOf('A'));
  flight.recall();
  flight.collect();
  t.deepEqual([flight.collect().frames, told, flight.owed], [0, ['A'], 0]);
});

test('what has not been begun is taken back with its bytes, once', (t) => {
  const { flight, worker } = fly('a', 'b', 'c');
  worker.begin();
  worker.begin();
  const untouched = flight.recall();
  t.deepEqual(textsOf(untouched?.bytes ?? Buffer.alloc(0)), ['c']);
  t.deepEqual(
    untouched?.pieces.map(({ first, count }) => [first, count]),
    [[1, 1]],
  );
  t.deepEqual([flight.recall(), worker.begin(), flight.owed], [undefined, undefined, 2]);
});

test('three looks without progress are needed to be stuck, and progress starts anew', (t) => {
  const { flight, worker } = fly('a', 'b');
  const looks = [flight.isStuck(), flight.isStuck()];
  worker.begin();
  t.deepEqual([...looks, flight.isStuck(), flight.isStuck(), flight.isStuck()], [false, false, false, false, true]);
});

test('an outcome told aside settles a frame that is open, and no other', (t) => {
  const { flight, worker, told } = fly('a', 'b', 'c');
  worker.begin();
  worker.finish(worker.begin()?.index ?? -1, runOf('B'));
  flight.recall();
  t.deepEqual(
    [0, 0, 2].map((index) => flight.settle(index, { reply: runOf('aside') })),
    [true, false, false],
  );
  flight.collect();
  t.deepEqual([told, flight.settle(1, { reply: runOf('again') })], [['aside', 'B'], false]);
});

test('what is lost is answered by its id though its slot has been used for others, and what is settled is not', (t) => {
  const { flight, worker, told } = fly(...REQUESTS);
  for (const _request of REQUESTS) worker.begin();
  worker.finish(1, runOf('done'));
  flight.collect();
  flight.land();
  flight.batch.slot.input.fill(0xff);
  flight.settle(2, { reply: runOf('late') });
  flight.lose(EXITED, false);
  const ids = told.map((text) => (text.startsWith('{') ? (JSON.parse(text) as { id: number }).id : text));
  t.deepEqual([ids, flight.owed], [['done', 'late', 1], 0]);
});

test('the thread is still known when its slot has another', (t) => {
  const { flight, worker } = fly('a');
  t.is(flight.thread, 0);
  worker.begin();
  flight.land();
  flight.batch.slot.thread = 9;
  t.is(flight.thread, 5);
});

test('what has been begun since the last look has not run for longer than that', (t) => {
  const { flight, worker } = fly('a', 'b');
  worker.begin();
  flight.observe(100);
  const asked = performance.now();
  worker.begin();
  const begun: (number | undefined)[] = [];
  flight.visit(
    () => true,
    ({ begunAt }) => begun.push(begunAt),
  );
  t.is(begun[0], 100);
  t.true((begun[1] ?? 0) >= asked);
  t.is(flight.untouched, 0);
});
