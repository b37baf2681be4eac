/** The limits of open requests and of their bytes, and the errors beyond them. */
import test from 'ava';
import { createAdmission } from '../../../../src/dispatch/connection/admission.ts';
import { answerAll, createBench, openConversation, runOf } from '../../../helpers/dispatch-bench.ts';

const request = (id: number, more = ''): string => `{"jsonrpc":"2.0","id":${id},"method":"m"${more}}`;
const codesOf = (received: readonly string[]): unknown[] =>
  received.map((text) => {
    const { id, error } = JSON.parse(text);
    return [id, error.data.code, error.data.data.retryAfterMs > 0];
  });

test('admission is full at either limit, until a quarter of it is free again', (t) => {
  const changes: boolean[] = [];
  const admission = createAdmission({
    maxRequests: 8,
    maxBytes: 80,
    expectedMs: () => 0,
    onChange: () => changes.push(admission.isFull),
  });
  admission.enter(8, 8);
  admission.leave(1, 1);
  t.deepEqual(changes, [true]);
  admission.leave(1, 1);
  t.deepEqual(changes, [true, false]);
  admission.enter(1, 80);
  admission.leave(1, 20);
  t.deepEqual(changes, [true, false, true]);
  admission.leave(0, 10);
  t.deepEqual(changes, [true, false, true, false]);
});

test('there is room up to the limits, and for one request of any length', (t) => {
  const admission = createAdmission({ maxRequests: 8, maxBytes: 80, expectedMs: () => 0, onChange: () => undefined });
  t.deepEqual([admission.roomFor(3, 30), admission.roomFor(9, 30), admission.roomFor(1, 1000)], [3, 8, 1]);
  admission.enter(6, 60);
  t.deepEqual([admission.roomFor(3, 10), admission.roomFor(1, 30)], [2, 0]);
});

test('retryAfterMs follows from the expected work, within limits', (t) => {
  for (const [ms, retryAfterMs] of [
    [0, 20],
    [300.4, 300],
    [1e9, 5000],
  ] as const) {
    const admission = createAdmission({ maxRequests: 1, maxBytes: 1, expectedMs: () => ms, onChange: () => undefined });
    t.like(admission.busy(1), { code: 'ERR_LAUNCHPOOL_BUSY', data: { retryAfterMs } });
    t.is(admission.refused, 1);
  }
});

test('RPC requests beyond the limit get ERR_LAUNCHPOOL_BUSY, and the others their replies', async (t) => {
  const bench = createBench({ known: 'rpc', dispatcher: { maxRequests: 2 } });
  const { conversation, received } = openConversation(bench);
  conversation.dispatch(runOf(request(1), request(2), request(3), '{"jsonrpc":"2.0","method":"m"}', request(4)));
  t.deepEqual(codesOf(received), [
    [3, 'ERR_LAUNCHPOOL_BUSY', true],
    [4, 'ERR_LAUNCHPOOL_BUSY', true],
  ]);
  // The notification has no reply that could refuse it: it runs too.
  t.deepEqual([conversation.isOverfull, bench.dispatcher.requests, bench.dispatcher.counts.refused], [true, 3, 2]);
  await bench.settle();
  await answerAll(bench);
  // The threads of this bench answer notifications too.
  t.deepEqual([conversation.isOverfull, bench.dispatcher.requests, received.length], [false, 0, 5]);
});

test('beyond the limit, what has no reply to refuse it waits: notifications, and JSON-RPC batches with one', async (t) => {
  const bench = createBench({ known: 'rpc', byHand: true, room: 0, dispatcher: { maxRequests: 2 } });
  const { conversation, received } = openConversation(bench);
  const notification = '{"jsonrpc":"2.0","method":"m"}';
  conversation.dispatch(runOf(request(1), request(2)));
  const waiting = [notification, `[${request(3)},${notification}]`, `[${notification}]`, '[]', '{}'];
  conversation.dispatch(runOf(...waiting, `[${request(4)}]`, 'no JSON'));
  t.deepEqual(
    received.flatMap((text) => JSON.parse(text)).map(({ id, error }) => [id, error.data.code]),
    [
      [4, 'ERR_LAUNCHPOOL_BUSY'],
      [null, 'ERR_LAUNCHPOOL_BUSY'],
    ],
  );
  t.deepEqual([conversation.isOverfull, bench.dispatcher.requests], [true, 2 + waiting.length]);
});

test('raw requests beyond the limit wait, and none is refused', async (t) => {
  const bench = createBench({ known: 'raw', dispatcher: { maxRequests: 2 } });
  const { conversation, received } = openConversation(bench);
  conversation.dispatch(runOf('a', 'b', 'c', 'd'));
  t.true(conversation.isOverfull);
  while (bench.dispatcher.requests > 0) {
    await bench.settle();
    await answerAll(bench);
  }
  t.deepEqual([received, conversation.isOverfull], [['A', 'B', 'C', 'D'], false]);
});

test('idle connections too stop reading while admission is full, and are notified when it is not', async (t) => {
  const bench = createBench({ known: 'rpc', dispatcher: { maxRequests: 2 } });
  const [one, other] = [openConversation(bench), openConversation(bench)];
  one.conversation.dispatch(runOf(request(1), request(2)));
  // At once, or it would read on in this turn.
  t.deepEqual([other.conversation.isOverfull, other.end.balances, other.end.settlings], [true, 1, 0]);
  await bench.settle();
  t.is(other.end.settlings, 1);
  await answerAll(bench);
  t.deepEqual([other.conversation.isOverfull, other.end.balances, other.end.settlings], [false, 1, 2]);
});

test('however often the limit is reached and left in a turn, each connection is visited twice at most', async (t) => {
  const bench = createBench({ known: 'rpc', dispatcher: { maxRequests: 1 } });
  const { end } = openConversation(bench);
  for (let times = 0; times < 10; times += 1) {
    const { conversation } = openConversation(bench);
    conversation.dispatch(runOf(request(times)));
    conversation.abandon();
  }
  await bench.settle();
  t.deepEqual([end.balances, end.settlings], [1, 1]);
});

test('the reply that makes room is sent before its connection hears of the room', async (t) => {
  const bench = createBench({ known: 'rpc', dispatcher: { maxRequests: 1 } });
  const events: string[] = [];
  const none = (): undefined => undefined;
  const conversation = bench.dispatcher.open({
    send: () => void events.push('reply'),
    settled: () => void events.push(conversation.isBusy ? 'busy' : 'done'),
    fail: none,
    balance: none,
    sendPart: () => undefined,
    isWriteBlocked: () => false,
    onFault: (error) => void events.push(String(error)),
  });
  conversation.dispatch(runOf(request(1)));
  await bench.settle();
  events.length = 0;
  await answerAll(bench);
  t.is(events[0], 'reply');
});

test('one request longer than the limit is served when no other is open', async (t) => {
  const bench = createBench({ known: 'rpc', dispatcher: { maxBytes: 10 } });
  const { conversation, received } = openConversation(bench);
  conversation.dispatch(runOf(request(1)));
  conversation.dispatch(runOf(request(2)));
  t.deepEqual(codesOf(received), [[2, 'ERR_LAUNCHPOOL_BUSY', true]]);
  await bench.settle();
  await answerAll(bench);
  t.is(received.length, 2);
});

test('waiting requests start once and in order while the limit is reached and left again', async (t) => {
  const bench = createBench({ known: 'raw', dispatcher: { maxRequests: 150 } });
  const replyQueues = [openConversation(bench), openConversation(bench)];
  const texts = Array.from({ length: 200 }, (_unused, index) => `m${index}`);
  for (const { conversation } of replyQueues) conversation.dispatch(runOf(...texts));
  const started: string[] = [];
  while (bench.dispatcher.requests > 0) {
    await bench.settle();
    started.push(...bench.calls.map(({ text }) => text));
    await answerAll(bench);
  }
  t.is(started.length, 2 * texts.length);
  for (const { received } of replyQueues)
    t.deepEqual(
      received,
      texts.map((text) => text.toUpperCase()),
    );
});

test('every kind of memory counts, and frames that arrive leave a quarter of the limit to requests and replies', (t) => {
  const changes: boolean[] = [];
  const admission = createAdmission({
    ...{ maxRequests: 8, maxBytes: 80, expectedMs: () => 0 },
    onChange: () => changes.push(admission.isFull),
  });
  admission.hold('incoming', 200);
  t.deepEqual(
    [admission.bytes, admission.isFull, admission.roomFor(1, 20), admission.roomFor(1, 21)],
    [200, false, 1, 1],
  );
  admission.enter(1, 12);
  t.deepEqual([admission.roomFor(1, 8), admission.roomFor(1, 9)], [1, 0]);
  admission.hold('unread', 8);
  t.true(admission.isFull);
  admission.leave(1, 12);
  t.deepEqual([admission.isFull, changes], [false, [true, false]]);
  admission.hold('incoming', -200);
  admission.hold('held', 30);
  admission.hold('long', 42);
  t.deepEqual([admission.bytes, admission.isFull], [80, true]);
});

test('spare memory is freed before a request is refused', (t) => {
  const admission = createAdmission({
    ...{ maxRequests: 8, maxBytes: 80, expectedMs: () => 0, onChange: () => undefined },
    onPressure: () => admission.hold('spare', -60),
  });
  admission.enter(1, 10);
  admission.hold('spare', 60);
  t.deepEqual([admission.roomFor(1, 50), admission.bytes], [1, 10]);
});

test('unread replies stop late replies at half of the limit and starts at three quarters, held ones overtaking at half', (t) => {
  let calls = 0;
  const admission = createAdmission({
    ...{ maxRequests: 8, maxBytes: 80, expectedMs: () => 0, onChange: () => undefined },
    onReplyRoom() {
      calls += 1;
    },
  });
  const state = (): boolean[] => [admission.mayReply, admission.mayStart, admission.mayOvertake];
  admission.hold('unread', 39);
  t.deepEqual(state(), [true, true, true]);
  admission.hold('unread', 1);
  t.deepEqual(state(), [false, true, true]);
  admission.hold('unread', 20);
  admission.hold('held', 40);
  t.deepEqual([state(), calls], [[false, false, false], 0]);
  admission.hold('unread', -1);
  t.deepEqual([state(), calls], [[false, true, false], 1]);
  admission.hold('unread', -59);
  admission.hold('held', -1);
  t.deepEqual([state(), calls], [[true, true, true], 3]);
});
