/** Frames on their way to the pool, and replies on their way back. */
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

test('what comes in one turn, of whatever connection, is one batch', async (t) => {
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

test('a long frame is a task of its own', async (t) => {
  const bench = createBench();
  const { conversation, received } = openConversation(bench);
  conversation.dispatch(runOf('a', 'L'.repeat(200_000), 'b'));
  await bench.settle();
  t.deepEqual(bench.tasks.map(({ task }) => typeof task).sort(), ['number', 'object']);
  for (const call of bench.calls) await call.answer(call.text.slice(0, 1));
  t.deepEqual(received.sort(), ['L', 'a', 'b']);
});

test('raw replies go in the order of the requests', async (t) => {
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

test('RPC replies go at once', async (t) => {
  const bench = createBench();
  const { conversation, received } = openConversation(bench);
  conversation.dispatch(runOf('a', 'b', 'c'));
  await bench.settle();
  await answer(bench, [2, 'C'], [0, 'A'], [1, 'B']);
  t.deepEqual(received, ['C', 'A', 'B']);
});

test('a notification is dealt with, and not answered', async (t) => {
  const bench = createBench();
  const { conversation, received, end } = openConversation(bench);
  conversation.dispatch(runOf('a'));
  await bench.settle();
  await answer(bench, [0, null]);
  t.deepEqual([received, conversation.isBusy, end.settlings], [[], false, 1]);
});

test('requests are counted over all connections until they are dealt with', async (t) => {
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

test('a connection is full while too many bytes of it are under way', async (t) => {
  const bench = createBench();
  const { conversation } = openConversation(bench);
  conversation.dispatch(runOf('x'.repeat(9 * 1024 * 1024)));
  t.true(conversation.isOverfull);
  await bench.settle();
  await answer(bench, [0, 'x']);
  t.false(conversation.isOverfull);
});

test('a connection is told that a request is dealt with when it is no longer counted', async (t) => {
  const bench = createBench();
  const counts: boolean[] = [];
  const conversation = bench.dispatcher.open({
    send: () => counts.push(conversation.isBusy),
    fail: () => undefined,
    settled: () => counts.push(conversation.isBusy),
    isWriteBlocked: () => false,
  });
  conversation.dispatch(runOf('a'));
  await bench.settle();
  await answer(bench, [0, 'A']);
  t.deepEqual(counts, [false, false]);
});

test('a raw request that failed closes its connection behind the replies before it, and drops those behind', async (t) => {
  const bench = createBench({ kind: 'raw' });
  const { conversation, received } = openConversation(bench);
  conversation.dispatch(runOf('a', 'b', 'c', 'd'));
  await bench.settle();
  await answer(bench, [3, failure('E_LATER')], [1, failure('E_TEST')], [2, 'C']);
  t.deepEqual(received, []);
  await answer(bench, [0, 'A']);
  t.deepEqual([received, conversation.isBusy, bench.dispatcher.requests], [['A', '!E_TEST'], false, 0]);
});

test('what becomes of one connection is nothing to another', async (t) => {
  const bench = createBench({ kind: 'raw' });
  const [one, other] = [openConversation(bench), openConversation(bench)];
  one.conversation.dispatch(runOf('a'));
  other.conversation.dispatch(runOf('b'));
  one.conversation.dispatch(runOf('c'));
  await bench.settle();
  await answer(bench, [1, 'B'], [0, failure('E_TEST')], [2, 'C']);
  t.deepEqual([one.received, other.received], [['!E_TEST'], ['B']]);
});

test('of a connection that is gone, nothing is said but that its requests are dealt with', async (t) => {
  const bench = createBench({ kind: 'raw' });
  const { conversation, received, end } = openConversation(bench);
  conversation.dispatch(runOf('a', 'b', 'c'));
  conversation.abandon();
  await bench.settle();
  await answer(bench, [0, 'A'], [1, 'B'], [2, failure('E')]);
  t.deepEqual([received, end.settlings, conversation.isBusy, bench.dispatcher.requests], [[], 3, false, 0]);
});

test('what stands behind a request that does not get on goes to another thread, and its thread gets nothing', async (t) => {
  const bench = createBench({ known: 'rpc', byHand: true });
  const { conversation, received } = openConversation(bench);
  conversation.dispatch(runOf('blocks', 'b', 'c'));
  await bench.settle();
  const [first] = bench.tasks;
  first?.worker.begin();
  while (bench.tasks.length < 2) await wait(1);
  t.deepEqual([bench.stuck.has(1), first?.worker.begin()], [true, undefined]);
  t.deepEqual(bench.tasks[1]?.worker.begin(), { index: 0, text: 'b' });
  first?.worker.finish(0, runOf('late'));
  await first?.complete();
  // The other thread may have been held up as well, by a machine that has no time.
  t.deepEqual([received, bench.stuck.has(1)], [['late'], false]);
});

test('what a thread that does not get on has finished is answered meanwhile, once', async (t) => {
  const bench = createBench({ known: 'rpc', byHand: true });
  const { conversation, received } = openConversation(bench);
  conversation.dispatch(runOf('a', 'b'));
  await bench.settle();
  const [first] = bench.tasks;
  first?.worker.begin();
  first?.worker.finish(0, runOf('A'));
  while (bench.tasks.length < 2) await wait(1);
  t.deepEqual(received, ['A']);
  await first?.complete();
  t.deepEqual([received, bench.dispatcher.requests], [['A'], 1]);
});

test('before the first batch has landed, a raw agent is known by its slot', async (t) => {
  const bench = createBench({ kind: 'raw', byHand: true });
  const { conversation, received } = openConversation(bench);
  conversation.dispatch(runOf('a', 'b', 'c'));
  await bench.settle();
  const [first] = bench.tasks;
  first?.worker.begin();
  first?.worker.begin();
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
