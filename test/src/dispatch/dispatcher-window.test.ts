/** How much of one connection is under way at once, and what waits while its replies are not read. */
import test from 'ava';
import { encodeTextFrame } from '../../../wire/frame.ts';
import type { AgentKind, Outcome } from '../../../workers/task.ts';
import { type Bench, createBench, openLane, runOf, wordsOf } from '../../helpers/dispatch-bench.ts';

/** As many requests of one connection are under way at most. */
const WINDOW = 64;

const reply = (kind: AgentKind, text = 'x'): Outcome => ({ kind, reply: encodeTextFrame(text) });
const numbered = (count: number): string[] => Array.from({ length: count }, (_unused, index) => String(index));
const started = ({ calls }: Bench): string[] => calls.map(({ request }) => Buffer.from(request ?? []).toString());

test('of many requests, the first ones are started', (t) => {
  const bench = createBench();
  const { lane } = openLane(bench);
  lane.dispatch(runOf(...numbered(200)));
  t.deepEqual(started(bench), numbered(WINDOW));
  t.is(lane.requests, 200);
});

test('many runs are no way round that', (t) => {
  const bench = createBench();
  const { lane } = openLane(bench);
  for (const text of numbered(200)) lane.dispatch(runOf(text));
  t.deepEqual(started(bench), numbered(WINDOW));
});

test('each RPC reply lets another request begin', async (t) => {
  const bench = createBench();
  openLane(bench).lane.dispatch(runOf(...numbered(200)));
  await bench.calls[40]?.settle(reply('rpc'));
  await bench.calls[7]?.settle(reply('rpc'));
  t.deepEqual(started(bench), numbered(WINDOW + 2));
});

test('raw replies that wait for their turn hold back the requests behind them', async (t) => {
  const bench = createBench();
  const { lane, told } = openLane(bench);
  lane.dispatch(runOf(...numbered(200)));
  for (let index = 1; index < WINDOW; index += 1) await bench.calls[index]?.settle(reply('raw', String(index)));
  t.is(bench.calls.length, WINDOW);
  await bench.calls[0]?.settle(reply('raw', '0'));
  t.deepEqual(wordsOf(told), numbered(WINDOW));
  t.deepEqual(started(bench), numbered(2 * WINDOW));
});

test('one connection takes nothing from the share of another', (t) => {
  const bench = createBench();
  openLane(bench).lane.dispatch(runOf(...numbered(200)));
  openLane(bench).lane.dispatch(runOf('other'));
  t.is(started(bench).at(-1), 'other');
});

test('while replies are not read, nothing is started', (t) => {
  const bench = createBench();
  const { lane, end } = openLane(bench);
  end.full = true;
  lane.dispatch(runOf('a', 'b'));
  t.deepEqual(started(bench), []);
  t.deepEqual([lane.requests, lane.bytes], [2, 2]);
});

test('when replies are read again, what has waited is started in its order', (t) => {
  const bench = createBench();
  const { lane, end } = openLane(bench);
  end.full = true;
  lane.dispatch(runOf('a', 'b'));
  lane.dispatch(runOf('c'));
  end.full = false;
  lane.resume();
  t.deepEqual(started(bench), ['a', 'b', 'c']);
});

test('a reply that fills the connection keeps the next request from starting', async (t) => {
  const bench = createBench();
  const { lane, end, told } = openLane(bench);
  lane.dispatch(runOf(...numbered(200)));
  end.full = true;
  await bench.calls[0]?.settle(reply('rpc'));
  t.is(bench.calls.length, WINDOW);
  t.deepEqual(told, ['x', '.']);
});

test('to resume a connection that waits for nothing starts nothing', (t) => {
  const bench = createBench();
  openLane(bench).lane.resume();
  t.deepEqual(bench.calls, []);
});

test('what a connection has sent before it went is run though nobody reads the replies', async (t) => {
  const bench = createBench();
  const { lane, end, told } = openLane(bench);
  end.full = true;
  lane.dispatch(runOf(...numbered(100)));
  lane.abandon();
  for (let index = 0; index < 100; index += 1) await bench.calls[index]?.settle(reply('rpc'));
  t.deepEqual(started(bench), numbered(100));
  t.deepEqual(wordsOf(told), []);
  t.deepEqual([lane.requests, bench.dispatcher.requests], [0, 0]);
});
