/** How many requests of one connection are open at once, and which wait while its replies are not read. */
import test from 'ava';
import { type Bench, createBench, openConversation, runOf } from '../../helpers/dispatch-bench.ts';

/** The window before the length of any reply is known. */
const WINDOW = 64;
/** A reply of the length that is expected before any reply: the window stays as it is. */
const EXPECTED = 'x'.repeat(64 * 1024 - 4);

const numbered = (count: number): string[] => Array.from({ length: count }, (_unused, index) => String(index));
const started = ({ calls }: Bench): string[] => calls.map(({ text }) => text);

test('the first of many requests start', async (t) => {
  const bench = createBench();
  const { conversation } = openConversation(bench);
  conversation.dispatch(runOf(...numbered(200)));
  await bench.settle();
  t.deepEqual(started(bench), numbered(WINDOW));
  t.deepEqual([conversation.isBusy, conversation.isOverfull], [true, true]);
});

test('the window holds across several runs', async (t) => {
  const bench = createBench();
  const { conversation } = openConversation(bench);
  for (const text of numbered(200)) conversation.dispatch(runOf(text));
  await bench.settle();
  t.deepEqual(started(bench), numbered(WINDOW));
});

test('a full window does not make the connection overfull', async (t) => {
  const { conversation } = openConversation(createBench());
  conversation.dispatch(runOf(...numbered(WINDOW)));
  t.deepEqual([conversation.isBusy, conversation.isOverfull], [true, false]);
});

test('each RPC reply lets another request start', async (t) => {
  const bench = createBench();
  openConversation(bench).conversation.dispatch(runOf(...numbered(200)));
  await bench.settle();
  await bench.calls[40]?.answer(EXPECTED);
  await bench.calls[7]?.answer(EXPECTED);
  t.deepEqual(started(bench), numbered(WINDOW + 2));
});

test('raw replies that wait for their turn hold back later requests', async (t) => {
  const bench = createBench({ kind: 'raw' });
  const { conversation, received } = openConversation(bench);
  conversation.dispatch(runOf(...numbered(200)));
  await bench.settle();
  for (let index = 1; index < WINDOW; index += 1) await bench.calls[index]?.answer(EXPECTED);
  t.is(bench.calls.length, WINDOW);
  await bench.calls[0]?.answer(EXPECTED);
  t.is(received.length, WINDOW);
  while (bench.calls.length < 2 * WINDOW) await bench.settle();
  t.deepEqual(started(bench), numbered(2 * WINDOW));
});

test('each connection has its own window', async (t) => {
  const bench = createBench();
  openConversation(bench).conversation.dispatch(runOf(...numbered(200)));
  openConversation(bench).conversation.dispatch(runOf('other'));
  await bench.settle();
  t.is(started(bench).at(-1), 'other');
});

test('nothing starts while replies are not read', async (t) => {
  const bench = createBench();
  const { conversation, end } = openConversation(bench);
  end.full = true;
  conversation.dispatch(runOf('a', 'b'));
  await bench.settle();
  t.deepEqual(started(bench), []);
  t.deepEqual([conversation.isBusy, conversation.isOverfull], [true, true]);
});

test('when replies are read again, waiting requests start in order', async (t) => {
  const bench = createBench();
  const { conversation, end } = openConversation(bench);
  end.full = true;
  conversation.dispatch(runOf('a', 'b'));
  conversation.dispatch(runOf('c'));
  end.full = false;
  conversation.resume();
  await bench.settle();
  t.deepEqual(started(bench), ['a', 'b', 'c']);
});

test("a reply that fills the connection's buffer holds back the next request", async (t) => {
  const bench = createBench();
  const { conversation, end, received } = openConversation(bench);
  conversation.dispatch(runOf(...numbered(200)));
  await bench.settle();
  end.full = true;
  await bench.calls[0]?.answer('x');
  t.is(bench.calls.length, WINDOW);
  t.deepEqual(received, ['x']);
});

test('resuming a connection without waiting requests starts nothing', async (t) => {
  const bench = createBench();
  openConversation(bench).conversation.resume();
  await bench.settle();
  t.is(bench.tasks.length, 0);
});

test('after a disconnection, waiting notifications run and waiting requests do not', async (t) => {
  const bench = createBench({ known: 'rpc' });
  const { conversation, end, received } = openConversation(bench);
  end.full = true;
  const notes = numbered(100).map((method) => JSON.stringify({ jsonrpc: '2.0', method }));
  conversation.dispatch(
    runOf('{"jsonrpc":"2.0","id":1,"method":"m"}', ...notes, '{"jsonrpc":"2.0","id":2,"method":"m"}'),
  );
  await bench.settle();
  t.deepEqual([started(bench), bench.dispatcher.requests], [[], 102]);
  conversation.abandon();
  await bench.settle();
  for (let index = 0; index < 100; index += 1) await bench.calls[index]?.answer(null);
  t.deepEqual(started(bench), notes);
  t.deepEqual(received, []);
  t.deepEqual([conversation.isBusy, bench.dispatcher.requests], [false, 0]);
});

test('after a disconnection, requests that the window holds back do not start in place of those that are cancelled', async (t) => {
  const bench = createBench({ known: 'rpc', byHand: true, room: 0 });
  const { conversation } = openConversation(bench);
  const requests = numbered(200).map((id) => JSON.stringify({ jsonrpc: '2.0', id, method: 'm' }));
  conversation.dispatch(runOf(...requests));
  conversation.abandon();
  t.deepEqual([bench.dispatcher.requests, bench.dispatcher.counts.abandoned], [0, 200]);
});

test('a waiting raw message does not run after a disconnection', async (t) => {
  const bench = createBench({ known: 'raw' });
  const { conversation, end } = openConversation(bench);
  end.full = true;
  conversation.dispatch(runOf('a', 'b'));
  conversation.abandon();
  await bench.settle();
  t.deepEqual([started(bench), bench.dispatcher.requests], [[], 0]);
});

test('a client with long replies has few requests open, whatever the replies of others', async (t) => {
  const bench = createBench();
  const [short, long] = [openConversation(bench), openConversation(bench)];
  short.conversation.dispatch(runOf(...numbered(64)));
  await bench.settle();
  while (bench.calls.length > 0) {
    for (const { answer } of bench.calls.splice(0)) await answer('x');
  }
  long.conversation.dispatch(runOf(...numbered(200)));
  await bench.settle();
  for (const { answer } of bench.calls.splice(0, 8)) await answer('y'.repeat(1024 * 1024));
  const open = (): number => bench.dispatcher.requests;
  while (bench.calls.length > 0) {
    const before = open();
    for (const { answer } of bench.calls.splice(0)) await answer('y'.repeat(1024 * 1024));
    t.true(open() < before);
  }
  short.conversation.dispatch(runOf(...numbered(1000)));
  for (let turns = 0; turns < 40; turns += 1) await bench.settle();
  t.is(bench.calls.length, 1000);
});

test('started requests of a client that stops reading run no further, and take no slot from others', async (t) => {
  const bench = createBench({ slots: 2, room: 1 });
  const [silent, other] = [openConversation(bench), openConversation(bench)];
  // Where long replies are expected, few requests go to a thread at once.
  silent.conversation.dispatch(runOf('first'));
  await bench.settle();
  await bench.calls.pop()?.answer('y'.repeat(64 * 1024));
  silent.conversation.dispatch(runOf(...numbered(60)));
  await bench.settle();
  const startedBefore = bench.calls.length;
  t.true(startedBefore < 60);
  silent.end.full = true;
  other.conversation.dispatch(runOf('other'));
  for (let turns = 0; turns < 20; turns += 1) await bench.settle();
  t.is(started(bench).at(-1), 'other');
  const parked = 60 - (bench.calls.length - 1);
  t.true(parked > 0);
  t.is(bench.dispatcher.waiting, parked);
  silent.end.full = false;
  silent.conversation.resume();
  for (let turns = 0; turns < 60; turns += 1) await bench.settle();
  t.deepEqual(
    started(bench).filter((text) => text !== 'other'),
    numbered(60),
  );
});
