/** Whatever the order in which requests are settled: an RPC lane answers at once, a raw one in the order of its requests. */
import { deepStrictEqual } from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import {
  createLane,
  type Lane,
  type LaneOptions,
  type Segment,
} from '../../../../src/dispatch/connection/reply-queue.ts';
import type { AgentKind } from '../../../../workers/task.ts';
import { runOf, textsOf } from '../../../helpers/dispatch-bench.ts';
import { ANY_TIME, laneOptions } from '../../../helpers/reply-queue-options.ts';

const REFUSED = { name: 'Error', message: 'refused', code: 'E_REFUSED' };
const FAILED = { name: 'Error', message: 'failed', code: 'E_FAILED' };

function openLane(isRaw: boolean, more: Partial<LaneOptions> = {}): { lane: Lane; told: string[] } {
  const told: string[] = [];
  const end = {
    send: (frames: Uint8Array) => told.push(...textsOf(frames)),
    fail: ({ code }: { code?: string | number }) => told.push(`!${code}`),
    settled: () => undefined,
    isFull: () => false,
  };
  return { lane: createLane(end, { ...laneOptions(isRaw), ...more }), told };
}

test('raw replies wait for those before them, over segments', (t) => {
  const { lane, told } = openLane(true);
  const [one, two] = [lane.open(2, 20, ANY_TIME), lane.open(1, 10, ANY_TIME)];
  lane.settle(two, 0, 1, { frames: runOf('c') });
  lane.settle(one, 1, 1, { frames: runOf('b') });
  t.deepEqual([told, lane.requests, lane.bytes], [[], 3, 30]);
  lane.settle(one, 0, 1, { frames: runOf('a') });
  t.deepEqual([told, lane.requests, lane.bytes], [['a', 'b', 'c'], 0, 0]);
});

test('what is settled before it is known that the agent is a raw one keeps nobody waiting for ever', (t) => {
  let kind: AgentKind | undefined;
  const { lane, told } = openLane(true, { kind: () => kind });
  const [one, two, three] = [1, 2, 3].map(() => lane.open(1, 10, ANY_TIME)) as [Segment, Segment, Segment];
  lane.settle(one, 0, 1, { frames: runOf('a') });
  kind = 'raw';
  lane.settle(three, 0, 1, { frames: runOf('c') });
  t.deepEqual(told, ['a']);
  lane.settle(two, 0, 1, { frames: runOf('b') });
  t.deepEqual([told, lane.requests, lane.bytes], [['a', 'b', 'c'], 0, 0]);
});

test('RPC replies wait for nobody', (t) => {
  const { lane, told } = openLane(false);
  const [one, two] = [lane.open(2, 20, ANY_TIME), lane.open(1, 10, ANY_TIME)];
  lane.settle(two, 0, 1, { frames: runOf('c') });
  t.deepEqual([told, lane.requests, lane.bytes], [['c'], 2, 20]);
  lane.settle(one, 1, 1, { frames: runOf('b') });
  lane.settle(one, 0, 1, { frames: runOf('a') });
  t.deepEqual([told, lane.requests, lane.bytes], [['c', 'b', 'a'], 0, 0]);
});

test('a reply that waits is kept though its bytes are used for others', (t) => {
  const { lane, told } = openLane(true);
  const segment = lane.open(2, 20, ANY_TIME);
  const memory = runOf('b');
  lane.settle(segment, 1, 1, { frames: memory });
  memory.fill(0);
  lane.settle(segment, 0, 1, { frames: runOf('a') });
  t.deepEqual(told, ['a', 'b']);
});

test('a failure closes behind the replies before it, and nothing comes behind it', (t) => {
  const { lane, told } = openLane(true);
  const segment = lane.open(3, 30, ANY_TIME);
  lane.settle(segment, 1, 1, { failure: FAILED });
  lane.settle(segment, 2, 1, { frames: runOf('c') });
  lane.settle(segment, 0, 1, { frames: runOf('a') });
  t.deepEqual([told, lane.requests, lane.abandoned], [['a', '!E_FAILED'], 0, true]);
});

for (const isRaw of [true, false]) {
  test(`a refusal waits until all requests have been answered, ${isRaw ? 'raw' : 'RPC'}`, (t) => {
    const { lane, told } = openLane(isRaw);
    const segment = lane.open(1, 10, ANY_TIME);
    lane.refuse(REFUSED);
    t.deepEqual(told, []);
    lane.settle(segment, 0, 1, { frames: runOf('a') });
    t.deepEqual([told[0], told.at(-1), told.length], ['a', '!E_REFUSED', isRaw ? 2 : 3]);
  });
}

test('to whom is gone nothing is said, and its requests are counted off', (t) => {
  const { lane, told } = openLane(true);
  const segment = lane.open(2, 20, ANY_TIME);
  lane.refuse(REFUSED);
  lane.abandon();
  lane.settle(segment, 1, 1, { failure: FAILED });
  lane.settle(segment, 0, 1, { frames: runOf('a') });
  t.deepEqual([told, lane.requests, lane.bytes], [[], 0, 0]);
});

test('in any order of rows over any segments, each raw reply is handed on once and as soon as it may be', (t) => {
  const anyRows = fc.array(
    fc.array(fc.record({ count: fc.integer({ min: 1, max: 4 }), turn: fc.nat(), none: fc.boolean() }), {
      minLength: 1,
      maxLength: 5,
    }),
    { maxLength: 8 },
  );
  const inOrder = fc.property(anyRows, (segments) => {
    const { lane, told } = openLane(true);
    let place = 0;
    const rows = segments.flatMap((row) => {
      const segment = lane.open(
        row.reduce((sum, { count }) => sum + count, 0),
        10,
        ANY_TIME,
      );
      let first = 0;
      return row.map(({ count, turn, none }) => {
        const texts = none ? [] : Array.from({ length: count }, (_unused, index) => String(place + index));
        const settled = { segment, first, count, turn, texts, place, end: place + count };
        first += count;
        place += count;
        return settled;
      });
    });
    const pending = new Set(rows);
    for (const row of [...rows].sort((a, b) => a.turn - b.turn)) {
      lane.settle(row.segment, row.first, row.count, row.texts.length === 0 ? {} : { frames: runOf(...row.texts) });
      pending.delete(row);
      const open = Math.min(place, ...[...pending].map((other) => other.place));
      deepStrictEqual(
        told,
        rows.filter(({ end }) => end <= open).flatMap(({ texts }) => texts),
      );
      deepStrictEqual(lane.requests, place - open);
    }
    deepStrictEqual(lane.bytes, 0);
  });
  t.notThrows(() => fc.assert(inOrder, { numRuns: 500 }));
});
