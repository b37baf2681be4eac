/** Requests whose time is over before they start. */
import { setTimeout as wait } from 'node:timers/promises';
import test from 'ava';
import {
  answerAll,
  createBench,
  openConversation,
  runOf,
  stopBenches,
  textsOf,
} from '../../../helpers/dispatch-bench.ts';
import type { WorkerStart } from '../../../helpers/hand-worker.ts';
import { until } from '../../../helpers/until.ts';

test.after.always(stopBenches);

const request = (id: number): string => JSON.stringify({ jsonrpc: '2.0', id, method: 'm', params: ['x'.repeat(500)] });
const codeOf = (text: string): unknown => JSON.parse(text).error?.data?.code;

test('timed-out requests take no memory and do not count as waiting, however many they were', async (t) => {
  // No thread ever has room for them.
  const bench = createBench({ known: 'rpc', byHand: true, room: 0, dispatcher: { queueTimeoutMs: 1 } });
  const { conversation, received } = openConversation(bench);
  const rounds = 20;
  for (let round = 0; round < rounds; round += 1) {
    conversation.dispatch(runOf(...Array.from({ length: 100 }, (_unused, index) => request(100 * round + index))));
    while (bench.dispatcher.requests > 0) await wait(1);
  }
  t.is(received.length, 100 * rounds);
  t.deepEqual([...new Set(received.map(codeOf))], ['ERR_LAUNCHPOOL_QUEUE_TIMEOUT']);
  // The requests in the slots stay there until a thread has room.
  t.true(bench.dispatcher.waiting < 300, String(bench.dispatcher.waiting));
});

test('a request that starts while the one before it is refused is not reported as not run', async (t) => {
  const bench = createBench({ known: 'rpc', byHand: true, dispatcher: { queueTimeoutMs: 20 } });
  const received: string[] = [];
  let started: WorkerStart | undefined;
  const conversation = bench.dispatcher.open({
    send(frames) {
      received.push(...textsOf(frames));
      started ??= bench.tasks[0]?.worker.start();
    },
    fail: (error) => t.fail(error.message),
    settled: () => undefined,
    balance: () => undefined,
    sendPart: () => undefined,
    isWriteBlocked: () => false,
    onFault(error: unknown) {
      throw error;
    },
  });
  conversation.dispatch(runOf(request(1), request(2)));
  while (started === undefined) await wait(1);
  t.deepEqual([started.index, JSON.parse(started.text).id], [1, 2]);
  // Long enough for another check.
  await wait(50);
  t.deepEqual(received.map(codeOf), ['ERR_LAUNCHPOOL_QUEUE_TIMEOUT']);
  bench.tasks[0]?.worker.finish(started.index, runOf('{"jsonrpc":"2.0","id":2,"result":3}'));
  await bench.tasks[0]?.complete();
  t.deepEqual(JSON.parse(received[1] as string), { jsonrpc: '2.0', id: 2, result: 3 });
});

test('a request that waits while the module loads times out', async (t) => {
  const bench = createBench({ byHand: true, dispatcher: { queueTimeoutMs: 1 } });
  const { conversation, received } = openConversation(bench);
  conversation.dispatch(runOf(request(1)));
  await until(() => received.length > 0);
  t.deepEqual(received.map(codeOf), ['ERR_LAUNCHPOOL_QUEUE_TIMEOUT']);
  t.is(bench.tasks[0]?.worker.start(), undefined);
});

test('a notification waits on when --queue-timeout has passed, and is dropped only at a deadline of its own', async (t) => {
  const bench = createBench({ known: 'rpc', byHand: true, room: 0, dispatcher: { queueTimeoutMs: 1 } });
  const { conversation, received } = openConversation(bench);
  const notification = '{"jsonrpc":"2.0","method":"m"}';
  // The first ones are in batches; the others wait for the window.
  for (let nth = 0; nth < 100; nth += 1) conversation.dispatch(runOf(notification, request(nth)));
  conversation.dispatch(runOf('{"jsonrpc":"2.0","method":"m","timeoutMs":1}'));
  while (bench.dispatcher.requests > 100) await wait(1);
  // Long enough for further checks.
  await wait(50);
  t.deepEqual([bench.dispatcher.requests, received.length, bench.dispatcher.counts.queueTimeouts], [100, 100, 101]);
});

test('refused requests do not count in the measured request time', async (t) => {
  const bench = createBench({ known: 'rpc', dispatcher: { maxRequests: 1 } });
  const { conversation, received } = openConversation(bench);
  conversation.dispatch(runOf(request(1), request(2), request(3)));
  t.deepEqual(received.map(codeOf), ['ERR_LAUNCHPOOL_BUSY', 'ERR_LAUNCHPOOL_BUSY']);
  t.deepEqual([bench.dispatcher.latency.read().count, bench.dispatcher.counts.done], [0, 2]);
  await bench.settle();
  await answerAll(bench);
  t.deepEqual([bench.dispatcher.latency.read().count, bench.dispatcher.counts.done], [1, 3]);
});
