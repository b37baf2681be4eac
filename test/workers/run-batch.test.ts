/** What becomes of each request of a batch: in the slot, aside, or left to another worker. */
import { deepStrictEqual } from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import test from 'ava';
import fc from 'fast-check';
import { encodeTextFrame } from '../../wire/frame.ts';
import { cursorOf, offer } from '../../workers/control-word.ts';
import { createRequests } from '../../workers/requests.ts';
import { type BatchRunner, createBatchRunner } from '../../workers/run-batch.ts';
import { Failure, type Result } from '../../workers/runner.ts';
import {
  CANCELLED,
  KIND_RAW,
  KIND_RPC,
  LATE,
  NOTHING,
  OUTPUT_BYTES,
  PENDING,
  SLOT_BYTES,
  type Slot,
  slotsOf,
} from '../../workers/slot.ts';
import { type AgentKind, claimLong, CANCELLED as GIVEN_UP, type LateReply } from '../../workers/task.ts';
import { textsOf } from '../helpers/dispatch-bench.ts';

const THREAD = 7;
const nobodys = (): Int32Array<SharedArrayBuffer> => new Int32Array(new SharedArrayBuffer(4));

type Rig = { slot: Slot; lateReplies: LateReply[]; batches: BatchRunner; asked: string[] };

/** A batch of these requests, and a worker that answers each as it is told. */
function createRig(
  requests: readonly string[],
  answer: (request: string, index: number) => Result | Promise<Result>,
  { concurrency = 100, kind = 'raw' as AgentKind } = {},
): Rig {
  const [slot] = slotsOf(new SharedArrayBuffer(SLOT_BYTES)) as [Slot];
  fill(slot, requests);
  const [lateReplies, asked]: [LateReply[], string[]] = [[], []];
  const run = (input: Buffer, start: number, end: number): Result | Promise<Result> => {
    const request = input.toString('utf8', start, end);
    return answer(request, asked.push(request) - 1);
  };
  const batches = createBatchRunner({
    runner: { kind, run },
    lateReplies: { add: (lateReply) => lateReplies.push(lateReply) },
    requests: createRequests({}),
    threadId: THREAD,
    concurrency,
  });
  return { slot, lateReplies, batches, asked };
}

function fill(slot: Slot, requests: readonly string[], ticket = 41): void {
  Buffer.concat(requests.map(encodeTextFrame)).copy(slot.input);
  slot.states.fill(PENDING, 0, requests.length);
  slot.ticket = ticket;
  offer(slot.control, requests.length);
}

/** What stands in the slot for each frame: the reply's text, or its state. */
function left({ states, starts, output }: Slot, frames: number): (string | number)[] {
  return Array.from({ length: frames }, (_unused, index) => {
    const [state, start] = [states[index] as number, starts[index] as number];
    if (state <= 0) return state;
    deepStrictEqual(output.readInt32BE(start), state - 4);
    return output.toString('utf8', start + 4, start + state);
  });
}

const claimed = ({ control }: Slot): number => cursorOf(Atomics.load(control.words, control.index));
const textOf = ({ reply }: LateReply): string => Buffer.from(reply ?? []).toString('utf8', 4);

test('replies that come at once stand in the slot one behind the other, and the batch is over at once', (t) => {
  const { slot, lateReplies, batches } = createRig(['a', '', 'é'], (request) =>
    request === '' ? Uint8Array.of(0x78) : `<${request}>`,
  );
  t.is(typeof batches.run(slot), 'number');
  t.deepEqual([left(slot, 3), lateReplies], [['<a>', 'x', '<é>'], []]);
  t.deepEqual([...slot.starts.subarray(0, 3)], [0, 7, 12]);
});

for (const [kind, number] of [
  ['raw', KIND_RAW],
  ['rpc', KIND_RPC],
] as const) {
  test(`the slot names its thread, and says that the agent is ${kind}, before the first request is run`, (t) => {
    const { slot, batches } = createRig(['a'], () => `${slot.thread} ${slot.kind}`, { kind });
    batches.run(slot);
    t.deepEqual(left(slot, 1), [`${THREAD} ${number}`]);
  });
}

test('replies that are asynchronous in name only stand in the slot', async (t) => {
  const { slot, lateReplies, batches } = createRig(['a', 'b'], async (request) => request.toUpperCase());
  await batches.run(slot);
  t.deepEqual([left(slot, 2), lateReplies], [['A', 'B'], []]);
});

test('a reply that needs the event loop is told aside', async (t) => {
  const { slot, lateReplies, batches } = createRig(['slow', 'b'], (request) =>
    request === 'slow' ? turn('late') : 'B',
  );
  await batches.run(slot);
  t.deepEqual([left(slot, 2), lateReplies], [[PENDING, 'B'], []]);
  await turn();
  await turn();
  t.deepEqual(left(slot, 2), [PENDING, 'B']);
  t.deepEqual(
    lateReplies.map((lateReply) => [lateReply.ticket, lateReply.index, textOf(lateReply)]),
    [[41, 0, 'late']],
  );
});

test('what is late is told of its own batch though the slot has another one', async (t) => {
  const late = Promise.withResolvers<Result>();
  const { slot, lateReplies, batches } = createRig(['slow'], (request) =>
    request === 'slow' ? late.promise : 'other',
  );
  await batches.run(slot);
  fill(slot, ['x'], 42);
  await batches.run(slot);
  late.resolve('late');
  await turn();
  t.deepEqual([left(slot, 1), lateReplies.map(({ ticket, index }) => [ticket, index])], [['other'], [[41, 0]]]);
});

test('a failure is told aside, and the slot says so', (t) => {
  const error = { name: 'Error', message: 'no' };
  const { slot, lateReplies, batches } = createRig(['a', 'b'], (request) =>
    request === 'a' ? new Failure(error) : 'B',
  );
  batches.run(slot);
  t.deepEqual([left(slot, 2), lateReplies], [[LATE, 'B'], [{ ticket: 41, index: 0, failure: error }]]);
});

test('nothing is owed for a notification, at once or late', async (t) => {
  const { slot, lateReplies, batches } = createRig(
    ['a', 'b', 'c'],
    (request) => [null, Promise.resolve(null), turn(null)]['abc'.indexOf(request)] ?? null,
  );
  await batches.run(slot);
  t.deepEqual(left(slot, 3), [NOTHING, NOTHING, PENDING]);
  await turn();
  await turn();
  t.deepEqual(lateReplies, [{ ticket: 41, index: 2 }]);
});

for (const [what, make] of [
  ['bytes', (length: number) => Buffer.alloc(length, 'x')],
  ['text', (length: number) => 'x'.repeat(length)],
  ['text of more bytes than units', (length: number) => 'é'.repeat(length / 2)],
] as const) {
  test(`a reply that just fits is in the slot, and one that does not is told aside: ${what}`, (t) => {
    const lengths = [OUTPUT_BYTES - 12, 6, 4, 2];
    const { slot, lateReplies, batches } = createRig(['a', 'b', 'c', 'd'], (_request, index) =>
      make(lengths[index] as number),
    );
    batches.run(slot);
    t.deepEqual([...slot.states.subarray(0, 4)], [OUTPUT_BYTES - 8, LATE, 8, LATE]);
    t.deepEqual(
      lateReplies.map(({ index, reply }) => [index, Buffer.from(reply ?? []).subarray(4)]),
      [
        [1, Buffer.from(make(6))],
        [3, Buffer.from(make(2))],
      ],
    );
  });
}

test('a reply that is told aside can be transferred without taking other memory along', (t) => {
  const pooled = Buffer.from('of a pool');
  const { slot, lateReplies, batches } = createRig(['a', 'b'], (_request, index) =>
    index === 0 ? Buffer.alloc(OUTPUT_BYTES) : pooled,
  );
  batches.run(slot);
  batches.runLong({ ticket: -1, request: requestOf('c', 4), claim: nobodys() });
  t.deepEqual(
    lateReplies.map(({ reply }) => reply?.buffer.byteLength),
    [OUTPUT_BYTES + 4, pooled.length + 4],
  );
});

test('what a handler does with its bytes later does not change the reply', (t) => {
  const bytes = Buffer.from('mine');
  const { slot, batches } = createRig(['a'], () => bytes);
  batches.run(slot);
  bytes.fill(0);
  t.deepEqual(left(slot, 1), ['mine']);
});

test('with as many requests open as may be, no further one is begun, in this batch or the next', async (t) => {
  const never = new Promise<Result>(() => undefined);
  const { slot, batches, asked } = createRig(['a', 'b', 'c'], () => never, { concurrency: 2 });
  await batches.run(slot);
  t.deepEqual([asked, claimed(slot)], [['a', 'b'], 2]);
  fill(slot, ['d']);
  await batches.run(slot);
  t.deepEqual([asked, claimed(slot)], [['a', 'b'], 0]);
});

test('a request that has its outcome makes room for another', async (t) => {
  const first = Promise.withResolvers<Result>();
  const { slot, batches, asked } = createRig(['a', 'b'], (request) => (request === 'a' ? first.promise : 'B'), {
    concurrency: 1,
  });
  await batches.run(slot);
  first.resolve('A');
  await turn();
  await batches.run(slot);
  t.deepEqual([asked[0], claimed(slot)], ['a', 2]);
});

test('a long request is answered in its own memory, at once or later', async (t) => {
  const { batches, lateReplies } = createRig([], (request) => (request === 'slow' ? turn(Buffer.from('late')) : 'now'));
  const [now, slow] = [requestOf('fast', 8), requestOf('slow', 8)];
  const bytes = createRig([], () => Buffer.from('now')).batches.runLong({ ticket: -3, request: now, claim: nobodys() });
  t.deepEqual(bytes, { thread: THREAD, kind: 'raw', range: { from: 0, to: 7 } });
  t.deepEqual(textsOf(Buffer.from(now.buffer, 0, 7)), ['now']);
  t.deepEqual(batches.runLong({ ticket: -4, request: slow, claim: nobodys() }), {
    thread: THREAD,
    kind: 'raw',
    range: undefined,
  });
  await turn();
  await turn();
  t.deepEqual(lateReplies, [{ ticket: -4, index: 0, range: { from: 0, to: 8 } }]);
  t.deepEqual(textsOf(Buffer.from(slow.buffer, 0, 8)), ['late']);
});

test('a reply that stands in the memory of its request stays where it is', (t) => {
  const request = requestOf('abcdef', 10);
  const part = new Uint8Array(request.buffer, request.byteOffset + 2, 3);
  const { batches } = createRig([], () => part);
  t.deepEqual(batches.runLong({ ticket: -1, request, claim: nobodys() }).range, { from: 2, to: 9 });
  t.deepEqual(textsOf(Buffer.from(request.buffer, 2, 7)), ['cde']);
});

test('a reply that is text, or longer than the memory, or without room for a header, is told aside', (t) => {
  const request = requestOf('abcdef', 10);
  const whole = new Uint8Array(request.buffer);
  for (const [result, text] of [
    ['text', 'text'],
    [Buffer.from('1234567'), '1234567'],
    [whole, Buffer.from(whole).toString()],
  ] as const) {
    const { batches, lateReplies } = createRig([], () => result);
    t.is(batches.runLong({ ticket: -5, request, claim: nobodys() }).range, undefined);
    t.deepEqual(
      lateReplies.map((lateReply) => [lateReply.ticket, lateReply.index, textOf(lateReply)]),
      [[-5, 0, text]],
    );
  }
});

/** A request in shared memory with so many bytes, behind the place of its header. */
function requestOf(text: string, bytes: number): Uint8Array<SharedArrayBuffer> {
  const memory = new SharedArrayBuffer(bytes);
  const length = Buffer.byteLength(text);
  const start = Math.min(4, bytes - length);
  Buffer.from(memory).write(text, start);
  return new Uint8Array(memory, start, length);
}

test('in any mixture, each request has one outcome, and it is its own', async (t) => {
  const ways = fc.array(
    fc.record({ way: fc.constantFrom('now', 'micro', 'late', 'null', 'fail'), size: fc.nat(50_000) }),
    { maxLength: 40 },
  );
  const own = fc.asyncProperty(ways, async (mixture) => {
    const replyOf = (index: number): string => `${index}:${'x'.repeat(mixture[index]?.size ?? 0)}`;
    const { slot, lateReplies, batches } = createRig(
      mixture.map((_one, index) => `${index}`),
      (_request, index) => {
        const way = mixture[index]?.way;
        if (way === 'late') return turn(replyOf(index));
        if (way === 'null') return null;
        if (way === 'fail') return new Failure({ name: 'Error', message: replyOf(index) });
        return way === 'micro' ? Promise.resolve(replyOf(index)) : replyOf(index);
      },
    );
    await batches.run(slot);
    const found = new Map(
      left(slot, mixture.length).flatMap((one, index) =>
        typeof one === 'string' || one === NOTHING ? [[index, one]] : [],
      ),
    );
    await turn();
    await turn();
    for (const lateReply of lateReplies) {
      deepStrictEqual(found.has(lateReply.index), false);
      found.set(lateReply.index, lateReply.failure?.message ?? textOf(lateReply));
    }
    const expected = mixture.map(({ way }, index) => (way === 'null' ? NOTHING : replyOf(index)));
    deepStrictEqual(
      expected.map((_one, index) => found.get(index)),
      expected,
    );
  });
  await t.notThrowsAsync(fc.assert(own, { numRuns: 200 }));
});

test('what was dropped before it is begun is not begun, long or short', (t) => {
  const { slot, lateReplies, batches, asked } = createRig(['a', 'b', 'c'], (request) => Buffer.from(request));
  slot.states[1] = CANCELLED;
  batches.run(slot);
  t.deepEqual(
    [asked, left(slot, 3)],
    [
      ['a', 'c'],
      ['a', NOTHING, 'c'],
    ],
  );
  const claim = nobodys();
  t.true(claimLong(claim, GIVEN_UP));
  batches.runLong({ ticket: -1, request: new Uint8Array(new SharedArrayBuffer(4)), claim });
  t.deepEqual([asked, lateReplies], [['a', 'c'], [{ ticket: -1, index: 0 }]]);
});

test('the thread that begins a long request says so where the main thread can see it', (t) => {
  const { batches } = createRig([], () => Buffer.from('now'));
  const claim = nobodys();
  batches.runLong({ ticket: -1, request: new Uint8Array(new SharedArrayBuffer(4)), claim });
  t.is(claim[0], THREAD);
});
