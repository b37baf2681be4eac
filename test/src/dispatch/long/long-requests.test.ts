/** A long request that its thread does not start goes to another one, and gets one reply. */
import { setTimeout as wait } from 'node:timers/promises';
import test from 'ava';
import { encodeTextFrame } from '../../../../wire/frame.ts';
import { CLAIM_CANCELLED, claimLong, type LongTask } from '../../../../workers/task.ts';
import {
  type Bench,
  type BenchTask,
  createBench,
  openConversation,
  runOf,
  stopBenches,
} from '../../../helpers/dispatch-bench.ts';

test.after.always(stopBenches);

const LONG = 'L'.repeat(200_000);

const longOf = ({ task }: Pick<BenchTask, 'task'>): LongTask => (task as readonly [LongTask])[0];

async function taskOf({ tasks }: Bench, nth: number): Promise<BenchTask> {
  for (;;) {
    const task = tasks[nth];
    if (task !== undefined) return task;
    await wait(1);
  }
}

test('it is taken back from a thread that does not start it when another thread has room', async (t) => {
  const bench = createBench({ byHand: true, known: 'rpc', room: 2 });
  const { conversation, received } = openConversation(bench);
  conversation.dispatch(runOf(LONG));
  const [first, second] = [await taskOf(bench, 0), await taskOf(bench, 1)];
  // The first thread tries to start it too late.
  t.false(claimLong(longOf(first).claim, first.thread));
  t.true(claimLong(longOf(second).claim, second.thread));
  first.sendLate(0, {});
  await first.complete();
  second.sendLate(0, { reply: encodeTextFrame('once') });
  await second.complete();
  t.deepEqual([received, bench.dispatcher.requests, bench.tasks.length], [['once'], 0, 2]);
});

test('it stays at its thread when no other thread has room', async (t) => {
  const bench = createBench({ byHand: true, known: 'rpc', room: 1 });
  openConversation(bench).conversation.dispatch(runOf(LONG));
  const { task } = await taskOf(bench, 0);
  // Much longer than the stall detector needs.
  await wait(50);
  t.is(bench.tasks.length, 1);
  t.is(Atomics.load(longOf({ task }).claim, 0), 0);
});

test('a thread that exits before it has started the request fails nothing; after the start, the request fails', async (t) => {
  const bench = createBench({ byHand: true, known: 'rpc', room: 1 });
  const { conversation, received } = openConversation(bench);
  conversation.dispatch(encodeTextFrame(`{"jsonrpc":"2.0","id":7,"method":"${LONG}"}`));
  await (await taskOf(bench, 0)).crash();
  const again = await taskOf(bench, 1);
  t.is(Atomics.load(longOf(again).claim, 0), 0);
  t.deepEqual(received, []);
  t.true(claimLong(longOf(again).claim, again.thread));
  await again.crash();
  t.is(received.length, 1);
  t.like(JSON.parse(received[0] as string), { id: 7, error: { data: { code: 'ERR_LAUNCHPOOL_THREAD_EXITED' } } });
  t.deepEqual([bench.tasks.length, bench.dispatcher.requests], [2, 0]);
});

test('a request whose client has disconnected is not handed to another thread', async (t) => {
  const bench = createBench({ byHand: true, known: 'rpc', room: 1 });
  const { conversation } = openConversation(bench);
  conversation.dispatch(encodeTextFrame(`{"jsonrpc":"2.0","id":7,"method":"${LONG}"}`));
  const { task, crash } = await taskOf(bench, 0);
  conversation.abandon();
  t.is(Atomics.load(longOf({ task }).claim, 0), CLAIM_CANCELLED);
  await crash();
  t.deepEqual([bench.tasks.length, bench.dispatcher.requests], [1, 0]);
});

test('a request that a full thread gives back goes to another thread; a cancelled one is over, and takes no place', async (t) => {
  const bench = createBench({ byHand: true, known: 'rpc', room: 1 });
  const { conversation, received } = openConversation(bench);
  conversation.dispatch(encodeTextFrame(`{"jsonrpc":"2.0","id":7,"method":"${LONG}"}`));
  await (await taskOf(bench, 0)).leave();
  const again = await taskOf(bench, 1);
  conversation.dispatch(encodeTextFrame('{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":7}}'));
  t.is(received.length, 1);
  await again.leave();
  t.deepEqual([bench.tasks.length, bench.dispatcher.requests, bench.dispatcher.waiting], [2, 0, 0]);
  t.deepEqual(
    [...bench.open].filter(([, requests]) => requests !== 0),
    [],
  );
});

/** The requests of each task, by the number that their text begins with. */
const numbersOf = ({ tasks }: Bench): number[][] =>
  tasks.map(({ task }) => (task as readonly LongTask[]).map(({ request }) => Number.parseInt(textOf(request), 10)));
const textOf = (request: Uint8Array): string => Buffer.from(request).toString('latin1');

test('those that wait go to a thread together, as many as its share; each is claimed by itself', async (t) => {
  const bench = createBench({ byHand: true, known: 'raw', room: 1 });
  const { conversation, received } = openConversation(bench);
  conversation.dispatch(runOf(...Array.from({ length: 6 }, (_unused, index) => `${index}${LONG}`)));
  const first = await taskOf(bench, 0);
  // One thread may have two tasks: with six open requests, three are the share of each.
  t.deepEqual(numbersOf(bench), [[0, 1, 2]]);
  const [zero, one, two] = first.task as readonly [LongTask, LongTask, LongTask];
  t.true(claimLong(zero.claim, first.thread));
  t.true(claimLong(one.claim, first.thread));
  first.sendLate(1, { reply: encodeTextFrame('1') });
  first.sendLate(0, { reply: encodeTextFrame('0') });
  await first.crash();
  t.deepEqual(received, ['0', '1'], 'a raw agent replies in order');
  const second = await taskOf(bench, 1);
  // The one that had not started goes first, in memory of its own as before.
  t.is(numbersOf(bench)[1]?.[0], 2);
  t.not(longOf(second).ticket, two.ticket);
  t.false(claimLong(two.claim, first.thread));
});

test('those behind a slow one go to another thread that has room', async (t) => {
  const bench = createBench({ byHand: true, known: 'raw', room: 2 });
  openConversation(bench).conversation.dispatch(runOf(...[0, 1, 2, 3].map((index) => `${index}${LONG}`)));
  const first = await taskOf(bench, 0);
  t.true(claimLong(longOf(first).claim, first.thread));
  const second = await taskOf(bench, 1);
  t.deepEqual(numbersOf(bench)[0], [0, 1]);
  for (const { claim } of second.task as readonly LongTask[]) claimLong(claim, second.thread);
  await second.complete();
  const third = await taskOf(bench, 2);
  t.is(numbersOf(bench)[2]?.[0], 1);
  t.true(claimLong(longOf(third).claim, third.thread));
});

test('those that a full thread gives back keep their order', async (t) => {
  const bench = createBench({ byHand: true, known: 'raw', room: 1 });
  openConversation(bench).conversation.dispatch(runOf(...[0, 1, 2, 3].map((index) => `${index}${LONG}`)));
  await (await taskOf(bench, 0)).leave();
  await taskOf(bench, 1);
  t.deepEqual(numbersOf(bench), [
    [0, 1],
    [0, 1],
  ]);
});
