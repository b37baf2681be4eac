/** The way of frames to the pool, and of replies back to their connections. */
import { deepStrictEqual, ok } from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import test from 'ava';
import fc from 'fast-check';
import { Failure, type Result } from '../../../workers/runner.ts';
import { type Bench, createBench, openConversation, runOf, stopBenches } from '../../helpers/dispatch-bench.ts';

test.after.always(stopBenches);

const failure = (code: string): Failure => new Failure({ name: 'Error', message: 'm', code });

async function answer({ calls }: Bench, ...answers: [index: number, result: Result][]): Promise<void> {
  for (const [index, result] of answers) await calls[index]?.answer(result);
}

test('each frame of a run is a request', async (t) => {
  const bench = createBench();
  openConversation(bench).conversation.dispatch(
    Buffer.concat([runOf('one', ''), Buffer.from('ffffffff000000000000000178', 'hex')]),
  );
  await bench.settle();
  t.deepEqual(
    bench.calls.map(({ text }) => text),
    ['one', '', 'x'],
  );
});

test('frames that arrive in one turn of the event loop, on any connection, are one batch', async (t) => {
  const bench = createBench();
  openConversation(bench).conversation.dispatch(runOf('a', 'b'));
  openConversation(bench).conversation.dispatch(runOf('c'));
  await bench.settle();
  t.deepEqual(
    bench.calls.map(({ text, thread }) => [text, thread]),
    [
      ['a', 1],
      ['b', 1],
      ['c', 1],
    ],
  );
});

test('the bytes of a run are not read later', async (t) => {
  const bench = createBench();
  const { conversation, end } = openConversation(bench);
  const [run, late] = [runOf('one', 'L'.repeat(200_000)), runOf('late')];
  conversation.dispatch(run);
  end.full = true;
  conversation.dispatch(late);
  for (const bytes of [run, late]) bytes.fill(0);
  end.full = false;
  conversation.resume();
  await bench.settle();
  t.deepEqual(bench.calls.map(({ text }) => text).sort(), ['L'.repeat(200_000), 'late', 'one']);
});

test('a long frame is its own task', async (t) => {
  const bench = createBench();
  const { conversation, received } = openConversation(bench);
  conversation.dispatch(runOf('a', 'L'.repeat(200_000), 'b'));
  await bench.settle();
  t.deepEqual(bench.tasks.map(({ task }) => typeof task).sort(), ['number', 'object']);
  for (const call of bench.calls) await call.answer(call.text.slice(0, 1));
  t.deepEqual(received.sort(), ['L', 'a', 'b']);
});

test('raw replies are sent in the order of the requests', async (t) => {
  const bench = createBench({ kind: 'raw' });
  const { conversation, received } = openConversation(bench);
  conversation.dispatch(runOf('a', 'b'));
  conversation.dispatch(runOf('c'));
  await bench.settle();
  await answer(bench, [2, 'C'], [1, 'B']);
  t.deepEqual(received, []);
  await answer(bench, [0, 'A']);
  t.deepEqual(received, ['A', 'B', 'C']);
});

test('RPC replies are sent at once', async (t) => {
  const bench = createBench();
  const { conversation, received } = openConversation(bench);
  conversation.dispatch(runOf('a', 'b', 'c'));
  await bench.settle();
  await answer(bench, [2, 'C'], [0, 'A'], [1, 'B']);
  t.deepEqual(received, ['C', 'A', 'B']);
});

test('a notification is settled without a reply', async (t) => {
  const bench = createBench();
  const { conversation, received, end } = openConversation(bench);
  conversation.dispatch(runOf('a'));
  await bench.settle();
  await answer(bench, [0, null]);
  t.deepEqual([received, conversation.isBusy, end.settlings], [[], false, 1]);
});

test('requests of all connections are counted until they are settled', async (t) => {
  const bench = createBench();
  const [one, other] = [openConversation(bench).conversation, openConversation(bench).conversation];
  const count = (): unknown[] => [one.isBusy, other.isBusy, bench.dispatcher.requests];
  t.deepEqual(count(), [false, false, 0]);
  one.dispatch(runOf('four', 'five5'));
  other.dispatch(runOf(''));
  t.deepEqual(count(), [true, true, 3]);
  await bench.settle();
  await answer(bench, [1, 'x'], [2, failure('E')]);
  t.deepEqual(count(), [true, false, 1]);
  await bench.tasks[0]?.crash();
  t.deepEqual(count(), [false, false, 0]);
});

test('a connection is overfull while it has too many open bytes', async (t) => {
  const bench = createBench();
  const { conversation } = openConversation(bench);
  conversation.dispatch(runOf('x'.repeat(9 * 1024 * 1024)));
  t.true(conversation.isOverfull);
  await bench.settle();
  await answer(bench, [0, 'x']);
  t.false(conversation.isOverfull);
});

test('settled() is called when the settled request is no longer counted', async (t) => {
  const bench = createBench();
  const counts: boolean[] = [];
  const conversation = bench.dispatcher.open({
    send: () => counts.push(conversation.isBusy),
    fail: () => undefined,
    settled: () => counts.push(conversation.isBusy),
    balance: () => undefined,
    sendPart: () => undefined,
    isWriteBlocked: () => false,
    onFault(error: unknown) {
      throw error;
    },
  });
  conversation.dispatch(runOf('a'));
  await bench.settle();
  await answer(bench, [0, 'A']);
  t.deepEqual(counts, [false, false]);
});

test('a failed raw request closes its connection behind the replies before it, and drops later replies', async (t) => {
  const bench = createBench({ kind: 'raw' });
  const { conversation, received } = openConversation(bench);
  conversation.dispatch(runOf('a', 'b', 'c', 'd'));
  await bench.settle();
  await answer(bench, [3, failure('E_LATER')], [1, failure('E_TEST')], [2, 'C']);
  t.deepEqual(received, []);
  await answer(bench, [0, 'A']);
  t.deepEqual([received, conversation.isBusy, bench.dispatcher.requests], [['A', '!E_TEST'], false, 0]);
});

test('a failure on one connection does not affect another', async (t) => {
  const bench = createBench({ kind: 'raw' });
  const [one, other] = [openConversation(bench), openConversation(bench)];
  one.conversation.dispatch(runOf('a'));
  other.conversation.dispatch(runOf('b'));
  one.conversation.dispatch(runOf('c'));
  await bench.settle();
  await answer(bench, [1, 'B'], [0, failure('E_TEST')], [2, 'C']);
  t.deepEqual([one.received, other.received], [['!E_TEST'], ['B']]);
});

test('a closed connection is sent nothing; its requests are counted as settled', async (t) => {
  const bench = createBench({ kind: 'raw' });
  const { conversation, received, end } = openConversation(bench);
  conversation.dispatch(runOf('a', 'b', 'c'));
  conversation.abandon();
  await bench.settle();
  await answer(bench, [0, 'A'], [1, 'B'], [2, failure('E')]);
  t.deepEqual([received, end.settlings, conversation.isBusy, bench.dispatcher.requests], [[], 3, false, 0]);
});

test('frames behind a request without progress go to another thread, and its thread gets no new batch', async (t) => {
  const bench = createBench({ known: 'rpc', byHand: true });
  const { conversation, received } = openConversation(bench);
  conversation.dispatch(runOf('blocks', 'b', 'c'));
  await bench.settle();
  const [first] = bench.tasks;
  first?.worker.start();
  while (bench.tasks.length < 2) await wait(1);
  t.deepEqual([bench.stuck.has(1), first?.worker.start()], [true, undefined]);
  t.deepEqual(bench.tasks[1]?.worker.start(), { index: 0, text: 'b' });
  first?.worker.finish(0, runOf('late'));
  await first?.complete();
  // The other thread may have been delayed too, by a busy machine.
  t.deepEqual([received, bench.stuck.has(1)], [['late'], false]);
});

test('frames that a stuck thread has finished are sent at once, and once only', async (t) => {
  const bench = createBench({ known: 'rpc', byHand: true });
  const { conversation, received } = openConversation(bench);
  conversation.dispatch(runOf('a', 'b'));
  await bench.settle();
  const [first] = bench.tasks;
  first?.worker.start();
  first?.worker.finish(0, runOf('A'));
  while (bench.tasks.length < 2) await wait(1);
  t.deepEqual(received, ['A']);
  await first?.complete();
  t.deepEqual([received, bench.dispatcher.requests], [['A'], 1]);
});

test('before the first batch completes, the slot tells that the agent is raw', async (t) => {
  const bench = createBench({ kind: 'raw', byHand: true });
  const { conversation, received } = openConversation(bench);
  conversation.dispatch(runOf('a', 'b', 'c'));
  await bench.settle();
  const [first] = bench.tasks;
  first?.worker.start();
  first?.worker.start();
  first?.worker.finish(1, runOf('B'));
  while (bench.tasks.length < 2) await wait(1);
  t.deepEqual(received, []);
  first?.worker.finish(0, runOf('A'));
  await first?.complete();
  t.deepEqual(received, ['A', 'B']);
});

test('in any order of outcomes, a raw connection sees its replies in order up to the first failure', async (t) => {
  const anyOutcomes = fc.array(fc.record({ fails: fc.nat(200), turn: fc.nat() }), { minLength: 1, maxLength: 100 });
  const inOrder = fc.asyncProperty(anyOutcomes, async (outcomes) => {
    const bench = createBench({ kind: 'raw' });
    const { conversation, received } = openConversation(bench);
    conversation.dispatch(runOf(...outcomes.map((_outcome, index) => String(index))));
    await bench.settle();
    const left = new Set(outcomes.keys());
    for (const { turn } of outcomes) {
      const started = [...left].filter((index) => index < bench.calls.length);
      const index = started[turn % started.length] as number;
      left.delete(index);
      await bench.calls[index]?.answer(outcomes[index]?.fails === 0 ? failure(`E${index}`) : `${index}`);
    }
    const texts = outcomes.map(({ fails }, index) => (fails === 0 ? `!E${index}` : `${index}`));
    const end = texts.findIndex((text) => text.startsWith('!'));
    deepStrictEqual(received, end === -1 ? texts : texts.slice(0, end + 1));
    ok(!conversation.isBusy && bench.dispatcher.requests === 0);
  });
  await t.notThrowsAsync(fc.assert(inOrder, { numRuns: 200 }));
});
