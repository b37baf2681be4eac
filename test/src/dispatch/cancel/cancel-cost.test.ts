/** What a client can make the main thread do is linear in the bytes that it has sent: counted in operations, not in time. */
import test, { type ExecutionContext } from 'ava';
import { encodeTextFrame } from '../../../../wire/frame.ts';
import {
  type Bench,
  type BenchConnection,
  createBench,
  openConversation,
  runOf,
  stopBenches,
} from '../../../helpers/dispatch-bench.ts';
import { countWork, type Work } from '../../../helpers/work-counter.ts';

test.after.always(stopBenches);

const LONG_BYTES = 60_000;
/** Each byte may be read a few times: when it arrives, when it is copied into a batch, when its id is searched. */
const READS = 6;

const request = (id: unknown, bytes = 0): string =>
  `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"method":"m","params":["${'x'.repeat(bytes)}"]}`;
const cancelOf = (id: unknown): string =>
  `{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":${JSON.stringify(id)}}}`;

/** The ids of the requests that were cancelled, in the order of their replies. */
function cancelledIds({ received }: BenchConnection): unknown[] {
  return received
    .map((text) => JSON.parse(text))
    .filter(({ error }) => error?.data?.code === 'ERR_LAUNCHPOOL_CANCELLED')
    .map(({ id }) => id);
}

type Sent = { bytes: number; frames: number };

/** Sends frames in one run, as one chunk of input brings them. */
function send({ conversation }: BenchConnection, texts: readonly string[], sent: Sent): void {
  const run = runOf(...texts);
  sent.bytes += run.length;
  sent.frames += texts.length;
  conversation.dispatch(run);
}

const isLinear = (t: ExecutionContext, work: Work, sent: Sent): void => {
  t.true(work.bytes <= READS * sent.bytes, `${work.bytes} bytes were read of ${sent.bytes} that were sent`);
  t.true(work.frames <= READS * sent.frames + 100, `${work.frames} frames were visited of ${sent.frames}`);
};

/** Where the open requests are when the cancellations arrive. */
const PLACES: readonly [what: string, bench: () => Bench, texts: (count: number) => string[]][] = [
  ['in batches that no thread has', () => createBench({ known: 'rpc', byHand: true, room: 0 }), short],
  ['in batches of a thread', () => createBench({ known: 'rpc', byHand: true, room: 1 }), short],
  ['started', () => createBench({ known: 'rpc' }), short],
  ['long, without a thread', () => createBench({ known: 'rpc', byHand: true, room: 0 }), long],
  ['long, and started', () => createBench({ known: 'rpc' }), long],
];

function short(count: number): string[] {
  return Array.from({ length: count }, (_unused, id) => request(id, 100));
}

function long(count: number): string[] {
  return Array.from({ length: count / 16 }, (_unused, id) => request(id, LONG_BYTES));
}

const REQUESTS = 1024;

for (const [what, bench, texts] of PLACES) {
  test.serial(`cancellations of ids that are not open read no other payload: requests are ${what}`, async (t) => {
    const [rig, sent] = [bench(), { bytes: 0, frames: 0 }];
    const connection = openConversation(rig);
    const neighbour = openConversation(rig);
    send(neighbour, texts(REQUESTS), { bytes: 0, frames: 0 });
    await rig.settle();
    const work = countWork(t);
    send(connection, texts(REQUESTS), sent);
    await rig.settle();
    for (let nth = 0; nth < 20; nth += 1) {
      send(
        connection,
        Array.from({ length: 50 }, (_unused, id) => cancelOf(`none ${nth}/${id}`)),
        sent,
      );
    }
    isLinear(t, work, sent);
    t.deepEqual([cancelledIds(connection), rig.dispatcher.counts.cancelled], [[], 0]);
  });

  test.serial(`each of many requests is cancelled by its id, once: requests are ${what}`, async (t) => {
    const [rig, sent] = [bench(), { bytes: 0, frames: 0 }];
    const connection = openConversation(rig);
    const requests = texts(REQUESTS);
    const work = countWork(t);
    send(connection, requests, sent);
    await rig.settle();
    const ids = requests.map((_text, id) => id);
    for (const id of [...ids].reverse()) send(connection, [cancelOf(id), cancelOf(id)], sent);
    isLinear(t, work, sent);
    t.deepEqual(cancelledIds(connection), [...ids].reverse());
    t.deepEqual([rig.dispatcher.requests, rig.dispatcher.counts.cancelled], [0, ids.length]);
  });
}

test.serial(
  'requests that come after the first cancellation are read once, and are cancelled by their ids',
  async (t) => {
    const [rig, sent] = [createBench({ known: 'rpc', byHand: true, room: 0 }), { bytes: 0, frames: 0 }];
    const connection = openConversation(rig);
    send(connection, [request('open'), cancelOf('none')], sent);
    const work = countWork(t);
    const ids = Array.from({ length: 400 }, (_unused, id) => id);
    // The window lets some of them start; the others wait.
    for (const id of ids) send(connection, [request(id, 100), cancelOf(`none ${id}`)], sent);
    for (const id of ids) send(connection, [cancelOf(id)], sent);
    isLinear(t, work, sent);
    t.deepEqual(cancelledIds(connection), ids);
    t.is(rig.dispatcher.requests, 1);
    send(connection, [cancelOf('open')], sent);
    t.is(rig.dispatcher.requests, 0);
  },
);

test.serial('of requests with the same id, the first open one is cancelled', async (t) => {
  const rig = createBench({ known: 'rpc', byHand: true });
  const connection = openConversation(rig);
  const same = (nth: number): string => `{"id":"same","method":"m","params":[${nth}]}`;
  // The second is in a batch of its own, the last ones wait for the window.
  for (let nth = 0; nth < 100; nth += 1) {
    connection.conversation.dispatch(runOf(same(nth)));
    if (nth >= 2) continue;
    await rig.settle();
    // At once: what its thread does not start goes to another one.
    rig.tasks[nth]?.worker.start();
  }
  const [first] = rig.tasks;
  connection.conversation.dispatch(runOf(cancelOf('same')));
  t.deepEqual(
    rig.cancelled.map(({ thread }) => thread),
    [1],
  );
  first?.worker.finish(0, runOf('too late'));
  await first?.complete();
  connection.conversation.dispatch(runOf(cancelOf('same')));
  t.deepEqual(
    rig.cancelled.map(({ thread }) => thread),
    [1, 2],
  );
  for (let nth = 2; nth < 100; nth += 1) connection.conversation.dispatch(runOf(cancelOf('same')));
  t.deepEqual([connection.received.length, rig.dispatcher.requests], [100, 0]);
});

test.serial('a request that was cancelled while it waited does not start, and those around it do', async (t) => {
  const rig = createBench({ known: 'rpc' });
  const connection = openConversation(rig);
  const ids = Array.from({ length: 200 }, (_unused, id) => id);
  connection.conversation.dispatch(runOf(...ids.map((id) => request(id))));
  for (const id of ids) if (id % 3 > 0) connection.conversation.dispatch(runOf(cancelOf(id)));
  for (let round = 0; round < 10; round += 1) {
    await rig.settle();
    for (const { text, answer } of rig.calls.splice(0)) await answer(JSON.stringify({ id: JSON.parse(text).id }));
  }
  const done = connection.received.map((text) => JSON.parse(text)).filter(({ error }) => error === undefined);
  t.deepEqual(
    done.map(({ id }) => id),
    ids.filter((id) => id % 3 === 0),
  );
  t.deepEqual([rig.dispatcher.requests, rig.dispatcher.waiting], [0, 0]);
});

test.serial(
  'ids are compared as they are written, and a JSON-RPC batch and a notification are not cancelled',
  async (t) => {
    const rig = createBench({ known: 'rpc', byHand: true, room: 0 });
    const connection = openConversation(rig);
    connection.conversation.dispatch(
      runOf(
        String.raw`{"id":"\u0061","method":"m"}`,
        '[{"id":"b","method":"m"}]',
        '{"method":"m"}',
        '{"id":1.0,"method":"m"}',
      ),
    );
    const cancelText = (id: string): string => `{"method":"$/cancelRequest","params":{"id":${id}}}`;
    for (const id of ['"a"', '"b"', '1', 'null']) connection.conversation.dispatch(runOf(cancelText(id)));
    t.deepEqual(connection.received, []);
    for (const id of [String.raw`"\u0061"`, '1.0']) connection.conversation.dispatch(runOf(cancelText(id)));
    t.is(connection.received.length, 2);
    t.true(connection.received[0]?.startsWith(String.raw`{"jsonrpc":"2.0","id":"\u0061","error":`));
  },
);

test.serial(
  'a connection that cancels nothing keeps no ids, and one that has nothing open keeps none any more',
  async (t) => {
    const rig = createBench({ known: 'rpc' });
    const connection = openConversation(rig);
    const work = countWork(t);
    connection.conversation.dispatch(runOf(request(1), request(2)));
    t.is(work.bytes, 0);
    connection.conversation.dispatch(runOf(cancelOf(1), cancelOf(2)));
    const after = work.bytes;
    connection.conversation.dispatch(runOf(request(3)));
    t.is(work.bytes, after);
  },
);

test.serial('clients that disconnect one by one visit their own requests, not those of the others', async (t) => {
  const rig = createBench({ known: 'rpc', byHand: true, room: 0 });
  const sent: Sent = { bytes: 0, frames: 0 };
  const connections = Array.from({ length: 500 }, () => openConversation(rig));
  const work = countWork(t);
  for (const connection of connections) send(connection, [request(1), request(2), '{"method":"m"}'], sent);
  for (const { conversation } of connections) conversation.abandon();
  isLinear(t, work, sent);
  t.deepEqual([rig.dispatcher.requests, rig.dispatcher.counts.abandoned], [500, 1000]);
});

test.serial('a check of deadlines reads nothing that is not due, however much waits', async (t) => {
  const rig = createBench({ known: 'rpc', byHand: true, room: 0, dispatcher: { queueTimeoutMs: 3_600_000 } });
  const connections = Array.from({ length: 50 }, () => openConversation(rig));
  for (const { conversation } of connections) conversation.dispatch(runOf(...short(200)));
  const work = countWork(t);
  const dueSoon = openConversation(rig);
  dueSoon.conversation.dispatch(encodeTextFrame('{"id":"due","method":"m","timeoutMs":1}'));
  const { bytes, frames } = work;
  while (dueSoon.received.length === 0) await rig.settle();
  // The request that was due is read for its reply.
  t.true(work.bytes - bytes < 200 && work.frames - frames < 300, JSON.stringify(work));
});
