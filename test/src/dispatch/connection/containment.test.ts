/** What is thrown while a reply is on its way to one connection costs the other connections of its batch nothing. */
import test from 'ava';
import type { Conversation } from '../../../../src/dispatch/connection/conversation-options.ts';
import type { ReplySink } from '../../../../src/dispatch/connection/reply-queue.ts';
import type { AgentKind } from '../../../../workers/task.ts';
import {
  answerAll,
  type Bench,
  type BenchTask,
  createBench,
  openConversation,
  runOf,
  stopBenches,
} from '../../../helpers/dispatch-bench.ts';
import { until } from '../../../helpers/until.ts';

test.after.always(stopBenches);

const request = (id: number): string => `{"jsonrpc":"2.0","id":${id},"method":"m"}`;

type Faulty = { conversation: Conversation; faults: string[]; state: { isFaulty: boolean } };

/** A connection one of whose parts throws as soon as it is faulty. Like a connection, it abandons its conversation then. */
function openFaulty({ dispatcher }: Bench, part: keyof ReplySink): Faulty {
  const faults: string[] = [];
  const state = { isFaulty: false };
  const sink: ReplySink = {
    send: () => undefined,
    fail: () => undefined,
    settled: () => undefined,
    balance: () => undefined,
    sendPart: () => undefined,
    isWriteBlocked: () => false,
    onFault(error) {
      faults.push((error as Error).message);
      state.isFaulty = false;
      setImmediate(() => conversation.abandon());
    },
  };
  const conversation = dispatcher.open({
    ...sink,
    [part](...args: never[]) {
      if (state.isFaulty) throw new TypeError(`a fault in ${part}`);
      return (sink[part] as (...args: never[]) => unknown)(...args);
    },
  });
  return { conversation, faults, state };
}

const PARTS: readonly (keyof ReplySink)[] = ['send', 'settled'];

for (const part of PARTS) {
  for (const kind of ['rpc', 'raw'] as const satisfies AgentKind[]) {
    test(`a fault in ${part} costs the other requests of the batch nothing, ${kind}`, async (t) => {
      const bench = createBench({ known: kind, byHand: true });
      const [before, after] = [openConversation(bench), openConversation(bench)];
      before.conversation.dispatch(runOf(request(1)));
      const { conversation, faults, state } = openFaulty(bench, part);
      // More than the window allows: a reply lets the next ones start, which asks whether replies are blocked.
      conversation.dispatch(runOf(...Array.from({ length: 100 }, (_unused, id) => request(id))));
      after.conversation.dispatch(runOf(request(3)));
      await bench.settle();
      state.isFaulty = true;
      // The completion of a batch lets further ones start.
      for (let nth = 0; nth < bench.tasks.length; nth += 1) {
        const { worker, complete } = bench.tasks[nth] as BenchTask;
        for (let started = worker.start(); started !== undefined; started = worker.start()) {
          worker.finish(started.index, runOf('done'));
        }
        await complete();
      }
      t.deepEqual([before.received, after.received], [['done'], ['done']]);
      t.deepEqual(faults, [`a fault in ${part}`]);
      await until(() => bench.dispatcher.requests === 0);
    });
  }

  test(`a fault in ${part} at a deadline costs the other requests nothing`, async (t) => {
    const bench = createBench({ known: 'rpc', byHand: true, room: 0, dispatcher: { queueTimeoutMs: 20 } });
    const { conversation, faults, state } = openFaulty(bench, part);
    conversation.dispatch(runOf(...Array.from({ length: 100 }, (_unused, id) => request(id))));
    const other = openConversation(bench);
    other.conversation.dispatch(runOf(request(1)));
    state.isFaulty = true;
    await until(() => other.received.length === 1);
    await until(() => bench.dispatcher.requests === 0);
    t.deepEqual(faults, [`a fault in ${part}`]);
  });
}

test('a fault in send when a thread exits costs the other requests nothing', async (t) => {
  const bench = createBench({ known: 'rpc', byHand: true });
  const { conversation, state, faults } = openFaulty(bench, 'send');
  conversation.dispatch(runOf(request(1)));
  const other = openConversation(bench);
  other.conversation.dispatch(runOf(request(2)));
  await bench.settle();
  state.isFaulty = true;
  for (const { worker } of bench.tasks) while (worker.start() !== undefined);
  for (const task of bench.tasks) await task.crash();
  t.deepEqual([faults.length, other.received.length, bench.dispatcher.requests], [1, 1, 0]);
});

test('a fault of one connection when the agent is full or has room again costs the others nothing', async (t) => {
  const bench = createBench({ known: 'rpc', dispatcher: { maxRequests: 2 } });
  const { faults, state } = openFaulty(bench, 'settled');
  const other = openConversation(bench);
  state.isFaulty = true;
  other.conversation.dispatch(runOf(request(1), request(2)));
  await bench.settle();
  t.deepEqual([faults.length, other.end.settlings], [1, 1]);
  await answerAll(bench);
  t.is(other.received.length, 2);
});
