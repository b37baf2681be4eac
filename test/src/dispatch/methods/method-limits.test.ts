/** Requests of methods with a limit: they wait for their place, in order, and hold nothing up. */
import test from 'ava';
import { encodeTextFrame } from '../../../../wire/frame.ts';
import type { MethodOptions } from '../../../../workers/task.ts';
import {
  type Bench,
  type BenchConnection,
  type BenchOptions,
  createBench,
  openConversation,
  runOf,
  stopBenches,
} from '../../../helpers/dispatch-bench.ts';
import { until } from '../../../helpers/until.ts';

test.after.always(stopBenches);

type Rig = Bench & {
  send(...texts: string[]): Promise<void>;
  /** The ids of the requests that run. */
  running(): string[];
  /** Lets the handler of one of them return. */
  finish(id: string): Promise<void>;
};

const request = (id: string, method = 'slow', more: object = {}): string => JSON.stringify({ id, method, ...more });
const cancel = (id: string): string => JSON.stringify({ jsonrpc: '2.0', method: '$/cancelRequest', params: { id } });
const idsIn = (text: string): string =>
  [JSON.parse(text)]
    .flat()
    .map(({ id }) => id)
    .join('+');
const codeIn = (reply: string | undefined): unknown => JSON.parse(String(reply)).error?.data?.code;

function createRig(
  methodOptions: MethodOptions = { slow: { concurrency: 2 } },
  options: BenchOptions = {},
): Rig & BenchConnection {
  const bench = createBench({ known: 'rpc', ...options, dispatcher: { ...options.dispatcher, methodOptions } });
  const connection = openConversation(bench);
  return Object.assign(bench, connection, {
    async send(...texts: string[]) {
      connection.conversation.dispatch(runOf(...texts));
      await bench.settle();
    },
    running: () => bench.calls.map(({ text }) => idsIn(text)),
    async finish(id: string) {
      const at = bench.calls.findIndex(({ text }) => idsIn(text) === id);
      const [call] = bench.calls.splice(at, 1);
      await call?.answer(`"${id}"`);
    },
  });
}

test('no more requests of a method run than its limit; the others follow in their order, and other methods pass', async (t) => {
  const rig = createRig();
  await rig.send(...['1', '2', '3', '4'].map((id) => request(id)), request('free', 'quick'));
  t.deepEqual(rig.running(), ['1', '2', 'free']);
  t.is(rig.dispatcher.waiting, 2);
  await rig.finish('2');
  t.deepEqual(rig.running(), ['1', 'free', '3']);
  await rig.finish('1');
  t.deepEqual(rig.running(), ['free', '3', '4']);
  for (const id of ['3', '4', 'free']) await rig.finish(id);
  t.deepEqual(
    rig.received,
    ['2', '1', '3', '4', 'free'].map((id) => `"${id}"`),
  );
  t.is(rig.dispatcher.requests, 0);
});

test('connections share the places, in the order of arrival, and none holds another method up', async (t) => {
  const rig = createRig({ slow: { concurrency: 1 } });
  const other = openConversation(rig);
  await rig.send(request('a1'), request('a2'));
  other.conversation.dispatch(runOf(request('b1'), request('b2', 'quick')));
  await rig.send(request('a3'));
  t.deepEqual(rig.running(), ['a1', 'b2']);
  for (const next of ['a2', 'b1', 'a3']) {
    await rig.finish(rig.running().find((id) => id !== 'b2') as string);
    t.true(rig.running().includes(next), next);
  }
});

for (const [where, method] of [
  ['as it is', '"slow"'],
  ['in escapes', '"\\u0073low"'],
  ['twice, the last one counts', '"quick","method":"slow"'],
] as const) {
  test(`a limit holds for a method that is written ${where}`, async (t) => {
    const rig = createRig({ slow: { concurrency: 1 } });
    await rig.send(`{"id":"1","method":${method}}`, ` {"method":${method},"id":"2"}`);
    t.deepEqual(rig.running(), ['1']);
  });
}

test('a waiting request that is cancelled gets its error at once, and never starts', async (t) => {
  const rig = createRig({ slow: { concurrency: 1 } });
  await rig.send(request('1'), request('2'), request('3'));
  await rig.send(cancel('2'));
  t.is(codeIn(rig.received[0]), 'ERR_LAUNCHPOOL_CANCELLED');
  await rig.finish('1');
  t.deepEqual(rig.running(), ['3']);
});

test('a request that waits for its place has the deadline of its method', async (t) => {
  const rig = createRig({ slow: { concurrency: 1, timeoutMs: 2_000 } });
  await rig.send(request('1'), request('2'));
  t.deepEqual(rig.running(), ['1']);
  await until(() => rig.received.length === 2);
  const codes = Object.fromEntries(rig.received.map((reply) => [JSON.parse(reply).id, codeIn(reply)]));
  t.deepEqual(codes, { 1: 'ERR_LAUNCHPOOL_RUN_TIMEOUT', 2: 'ERR_LAUNCHPOOL_QUEUE_TIMEOUT' });
  t.deepEqual(
    rig.cancelled.map(({ code }) => code),
    ['ERR_LAUNCHPOOL_RUN_TIMEOUT'],
  );
});

test('the shorter of two deadlines counts, that of the caller or that of the method', async (t) => {
  const rig = createRig({ slow: { timeoutMs: 60_000 }, brief: { timeoutMs: 2_000 } });
  const more = { timeoutMs: 2_000 };
  await rig.send(request('1', 'slow', more), request('2', 'brief', { timeoutMs: 60_000 }), request('3'));
  await until(() => rig.received.length === 2);
  t.deepEqual(rig.received.map((reply) => JSON.parse(reply).id).sort(), ['1', '2']);
  t.deepEqual(rig.dispatcher.counts.runTimeouts, 2);
});

test('a request that is answered early keeps its place until its handler has ended', async (t) => {
  const rig = createRig({ slow: { concurrency: 1 } });
  await rig.send(request('1'), request('2'));
  await rig.send(cancel('1'));
  t.is(rig.received.length, 1);
  t.deepEqual(rig.running(), ['1']);
  await rig.finish('1');
  t.deepEqual(rig.running(), ['2']);
  t.is(rig.received.length, 1);
});

test('the end of a thread frees the places of its requests', async (t) => {
  const rig = createRig({ slow: { concurrency: 1 } }, { byHand: true });
  await rig.send(request('1'), request('2'));
  const [first] = rig.tasks;
  first?.worker.start();
  await first?.crash();
  t.is(codeIn(rig.received[0]), 'ERR_LAUNCHPOOL_THREAD_EXITED');
  t.is(rig.tasks.length, 2);
  t.is(idsIn(String(rig.tasks[1]?.worker.start()?.text)), '2');
});

test('a thread that exits before it starts a request costs it neither its place nor a second one', async (t) => {
  const rig = createRig({ slow: { concurrency: 1 } }, { byHand: true });
  await rig.send(request('1'), request('2'));
  await rig.tasks[0]?.crash();
  const second = rig.tasks[1];
  t.is(idsIn(String(second?.worker.start()?.text)), '1');
  t.is(second?.worker.start(), undefined);
  second?.worker.finish(0, encodeTextFrame('"1"'));
  await second?.complete();
  t.is(idsIn(String(rig.tasks[2]?.worker.start()?.text)), '2');
});

test('the end of a connection takes its waiting requests out of the line, but not its notifications', async (t) => {
  const rig = createRig({ slow: { concurrency: 1 } });
  const other = openConversation(rig);
  await rig.send(request('1'));
  other.conversation.dispatch(runOf(request('2'), '{"method":"slow","params":["notification"]}', request('3')));
  await rig.settle();
  other.conversation.abandon();
  await rig.send(request('4'));
  await rig.finish('1');
  t.deepEqual(
    rig.calls.map(({ text }) => text),
    ['{"method":"slow","params":["notification"]}'],
  );
  await rig.calls.splice(0)[0]?.answer(null);
  t.deepEqual(rig.running(), ['4']);
});

test('a batch takes a place of each of its methods, and starts when it is first in all their lines', async (t) => {
  const rig = createRig({ one: { concurrency: 1 }, two: { concurrency: 1 } });
  const both = `[${request('b', 'one')},${request('c', 'two')},${request('d', 'one')}]`;
  await rig.send(request('1', 'one'), both, request('2', 'two'), request('3', 'one'), request('4', 'free'));
  // The request 2 has a place of its own, and comes after the batch.
  t.deepEqual(rig.running(), ['1', '4']);
  await rig.finish('1');
  t.deepEqual(rig.running(), ['4', 'b+c+d']);
  await rig.finish('b+c+d');
  t.deepEqual(rig.running().sort(), ['2', '3', '4']);
});

test('a batch has the shortest deadline of its methods', async (t) => {
  const rig = createRig({ slow: { timeoutMs: 60_000 }, brief: { timeoutMs: 2_000 } });
  await rig.send(`[${request('1', 'slow')},${request('2', 'brief')},${request('3', 'free')}]`);
  await until(() => rig.received.length === 1);
  const errors = JSON.parse(String(rig.received[0])) as { id: string; error: { data: { code: string } } }[];
  t.deepEqual(
    errors.map(({ id, error }) => [id, error.data.code]),
    [
      ['1', 'ERR_LAUNCHPOOL_RUN_TIMEOUT'],
      ['2', 'ERR_LAUNCHPOOL_RUN_TIMEOUT'],
      ['3', 'ERR_LAUNCHPOOL_RUN_TIMEOUT'],
    ],
  );
});

test('a client that does not read its replies keeps no place from others', async (t) => {
  const rig = createRig({ slow: { concurrency: 1 } }, { byHand: true, room: 1 });
  const other = openConversation(rig);
  /** Starts the request of the newest task; returns its id. */
  const start = (): string => idsIn(String(rig.tasks.at(-1)?.worker.start()?.text));
  const finish = (): Promise<void> | undefined => {
    rig.tasks.at(-1)?.worker.finish(0, encodeTextFrame('"done"'));
    return rig.tasks.at(-1)?.complete();
  };
  await rig.send(request('busy', 'free'));
  t.is(start(), 'busy');
  // The first one has its place, and waits for the thread.
  await rig.send(request('1'), request('2'));
  other.conversation.dispatch(runOf(request('3')));
  rig.end.full = true;
  await finish();
  t.is(start(), '3');
  await finish();
  t.is(rig.dispatcher.waiting, 2);
  rig.end.full = false;
  rig.conversation.resume();
  await rig.settle();
  for (const id of ['1', '2']) {
    t.is(start(), id);
    await finish();
  }
});

test('a long request waits for its place too, and is cancelled there', async (t) => {
  const rig = createRig({ slow: { concurrency: 1 } });
  const long = (id: string): string => request(id, 'slow', { params: ['x'.repeat(100_000)] });
  await rig.send(long('1'), long('2'), long('3'), request('4'));
  t.deepEqual(rig.running(), ['1']);
  await rig.send(cancel('2'));
  await rig.finish('1');
  t.deepEqual(rig.running(), ['3']);
  await rig.finish('3');
  t.deepEqual(rig.running(), ['4']);
  t.is(rig.dispatcher.requests, 1);
});

test('requests that wait for their place count against the limit of requests', async (t) => {
  const rig = createRig({ slow: { concurrency: 1 } }, { dispatcher: { maxRequests: 3 } });
  await rig.send(...['1', '2', '3', '4'].map((id) => request(id)));
  t.deepEqual(rig.received.map(codeIn), ['ERR_LAUNCHPOOL_BUSY']);
  t.is(rig.dispatcher.requests, 3);
});

test('the options of another version count at once: more places start what waits, and fewer start nothing', async (t) => {
  const rig = createRig({ slow: { concurrency: 1 } });
  await rig.send(request('1'), request('2'), request('3'), request('4'));
  rig.dispatcher.setMethodOptions({ slow: { concurrency: 2 } });
  await rig.settle();
  t.deepEqual(rig.running(), ['1', '2']);
  rig.dispatcher.setMethodOptions({ slow: { concurrency: 1 } });
  await rig.finish('1');
  t.deepEqual(rig.running(), ['2']);
  rig.dispatcher.setMethodOptions(undefined);
  await rig.settle();
  t.deepEqual(rig.running(), ['2', '3', '4']);
});

test('requests that are cancelled while they wait leave no memory in the line', async (t) => {
  const rig = createRig({ slow: { concurrency: 1 } });
  await rig.send(request('first'));
  for (let round = 0; round < 100; round += 1) {
    const ids = Array.from({ length: 50 }, (_unused, index) => `${round}.${index}`);
    await rig.send(...ids.map((id) => request(id)));
    await rig.send(...ids.map(cancel));
  }
  t.is(rig.received.length, 5000);
  t.is(rig.dispatcher.waiting, 0);
  await rig.send(request('last'));
  await rig.finish('first');
  t.deepEqual(rig.running(), ['last']);
});
