/** Frames on their way to the pool, and replies on their way back. */
import { deepStrictEqual, ok } from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import type { Lost } from '../../../src/pool/pool.ts';
import { LaunchpoolError, type PlainError } from '../../../wire/errors.ts';
import { encodeTextFrame } from '../../../wire/frame.ts';
import type { Outcome } from '../../../workers/task.ts';
import { type Bench, createBench, openLane, runOf, wordsOf } from '../../helpers/dispatch-bench.ts';

const raw = (text: string): Outcome => ({ kind: 'raw', reply: encodeTextFrame(text) });
const rpc = (text: string): Outcome => ({ kind: 'rpc', reply: encodeTextFrame(text) });
const failure = (code: string): Outcome => ({ kind: 'raw', failure: { name: 'Error', message: 'm', code } });
const lost = (): Lost => ({ kind: 'lost', error: new LaunchpoolError('ERR_LAUNCHPOOL_THREAD_EXITED', 'it ended') });

async function settle({ calls }: Bench, ...outcomes: [index: number, outcome: Outcome | Lost][]): Promise<void> {
  for (const [index, outcome] of outcomes) await calls[index]?.settle(outcome);
}

test('each frame of a run is a request', (t) => {
  const bench = createBench();
  openLane(bench).lane.dispatch(Buffer.concat([runOf('one', ''), Buffer.from('ffffffff000000000000000178', 'hex')]));
  t.deepEqual(
    bench.calls.map(({ request }) => Buffer.from(request ?? []).toString()),
    ['one', '', 'x'],
  );
});

test('a request has memory of its own, which may be given away', (t) => {
  const bench = createBench();
  const run = runOf('one', 'two');
  openLane(bench).lane.dispatch(run);
  for (const { request } of bench.calls) {
    t.is(request?.buffer.byteLength, 3);
    structuredClone(request, { transfer: [request?.buffer as ArrayBuffer] });
  }
  t.deepEqual(run, runOf('one', 'two'));
});

test('raw replies go in the order of the requests', async (t) => {
  const bench = createBench();
  const { lane, told } = openLane(bench);
  lane.dispatch(runOf('a', 'b'));
  lane.dispatch(runOf('c'));
  await settle(bench, [2, raw('C')], [1, raw('B')]);
  t.deepEqual(told, ['.', '.']);
  await settle(bench, [0, raw('A')]);
  t.deepEqual(told, ['.', '.', 'A', 'B', 'C', '.']);
});

test('RPC replies go at once', async (t) => {
  const bench = createBench();
  const { lane, told } = openLane(bench);
  lane.dispatch(runOf('a', 'b', 'c'));
  await settle(bench, [2, rpc('C')], [0, rpc('A')], [1, rpc('B')]);
  t.deepEqual(told, ['C', '.', 'A', '.', 'B', '.']);
});

test('a notification is dealt with, and not answered', async (t) => {
  const bench = createBench();
  const { lane, told } = openLane(bench);
  lane.dispatch(runOf('a'));
  await settle(bench, [0, { kind: 'rpc' }]);
  t.deepEqual(told, ['.']);
  t.is(lane.requests, 0);
});

test('requests and their bytes are counted, by lane and over all', async (t) => {
  const bench = createBench();
  const [one, other] = [openLane(bench).lane, openLane(bench).lane];
  const count = (): number[] => [one.requests, one.bytes, other.requests, other.bytes, bench.dispatcher.requests];
  t.deepEqual(count(), [0, 0, 0, 0, 0]);
  one.dispatch(runOf('four', 'five5'));
  other.dispatch(runOf(''));
  t.deepEqual(count(), [2, 9, 1, 0, 3]);
  await settle(bench, [1, rpc('x')]);
  t.deepEqual(count(), [1, 4, 1, 0, 2]);
  await settle(bench, [0, lost()], [2, failure('E')]);
  t.deepEqual(count(), [0, 0, 0, 0, 0]);
});

test('a raw request counts for its connection until its reply has had its turn', async (t) => {
  const bench = createBench();
  const { lane } = openLane(bench);
  lane.dispatch(runOf('four', 'five5'));
  await settle(bench, [1, raw('x')]);
  t.deepEqual([lane.requests, lane.bytes], [2, 9]);
  await settle(bench, [0, raw('x')]);
  t.deepEqual([lane.requests, lane.bytes], [0, 0]);
});

test('a connection is told that a request is dealt with when it is no longer counted', async (t) => {
  const bench = createBench();
  const counts: number[] = [];
  const lane = bench.dispatcher.openLane({
    send: () => counts.push(lane.requests),
    fail: () => undefined,
    settled: () => counts.push(lane.requests),
    isFull: () => false,
  });
  lane.dispatch(runOf('a'));
  await settle(bench, [0, rpc('A')]);
  t.deepEqual(counts, [0, 0]);
});

test('a raw request that failed closes its connection behind the replies before it, and drops those behind', async (t) => {
  const bench = createBench();
  const { lane, told } = openLane(bench);
  lane.dispatch(runOf('a', 'b', 'c', 'd'));
  await settle(bench, [3, failure('E_LATER')], [1, failure('E_TEST')], [2, raw('C')]);
  t.deepEqual(told, ['.', '.', '.']);
  await settle(bench, [0, raw('A')]);
  t.deepEqual(told, ['.', '.', '.', 'A', '!E_TEST', '.']);
});

test('what becomes of one connection is nothing to another', async (t) => {
  const bench = createBench();
  const [one, other] = [openLane(bench), openLane(bench)];
  one.lane.dispatch(runOf('a'));
  other.lane.dispatch(runOf('b'));
  one.lane.dispatch(runOf('c'));
  await settle(bench, [1, raw('B')], [0, failure('E_TEST')], [2, raw('C')]);
  t.deepEqual(one.told, ['!E_TEST', '.', '.']);
  t.deepEqual(other.told, ['B', '.']);
});

test('of a connection that is gone, nothing is said but that its requests are dealt with', async (t) => {
  const bench = createBench();
  const { lane, told } = openLane(bench);
  lane.dispatch(runOf('a', 'b', 'c'));
  lane.abandon();
  await settle(bench, [0, raw('A')], [1, rpc('B')], [2, failure('E')]);
  t.deepEqual(told, ['.', '.', '.']);
  t.deepEqual([lane.requests, lane.bytes, bench.dispatcher.requests], [0, 0, 0]);
});

test('that the module cannot be loaded is reported beside the reply', async (t) => {
  const bench = createBench();
  const { lane, told } = openLane(bench);
  lane.dispatch(runOf('a', 'b'));
  const reason: PlainError = { name: 'Error', message: 'broken' };
  await settle(bench, [0, { ...rpc('A'), broken: reason }], [1, rpc('B')]);
  t.deepEqual(told, ['A', '.', 'B', '.']);
  t.deepEqual(bench.broken, [reason]);
});

test('in any order of outcomes, a raw connection sees its replies in order up to the first failure', async (t) => {
  const anyOutcomes = fc.array(fc.record({ fails: fc.nat(200), turn: fc.nat() }), { minLength: 1, maxLength: 150 });
  const inOrder = fc.asyncProperty(anyOutcomes, async (outcomes) => {
    const bench = createBench();
    const { lane, told } = openLane(bench);
    lane.dispatch(runOf(...outcomes.map((_outcome, index) => String(index))));
    const left = new Set(outcomes.keys());
    for (const { turn } of outcomes) {
      const started = [...left].filter((index) => index < bench.calls.length);
      const index = started[turn % started.length] as number;
      left.delete(index);
      await bench.calls[index]?.settle(outcomes[index]?.fails === 0 ? failure(`E${index}`) : raw(`${index}`));
    }
    const texts = outcomes.map(({ fails }, index) => (fails === 0 ? `!E${index}` : `${index}`));
    const end = texts.findIndex((text) => text.startsWith('!'));
    deepStrictEqual(wordsOf(told), end === -1 ? texts : texts.slice(0, end + 1));
    deepStrictEqual(told.length - wordsOf(told).length, outcomes.length);
    ok(lane.requests === 0 && bench.dispatcher.requests === 0);
  });
  await t.notThrowsAsync(fc.assert(inOrder, { numRuns: 200 }));
});
