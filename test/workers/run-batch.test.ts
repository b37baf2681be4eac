/** The outcome of each request of a batch: in the slot, as a late reply, or left to another worker. */
import { deepStrictEqual } from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import test from 'ava';
import fc from 'fast-check';
import { encodeTextFrame } from '../../wire/frame.ts';
import { cursorOf, offer } from '../../workers/control-word.ts';
import { createRequests } from '../../workers/requests.ts';
import { type BatchRunner, createBatchRunner } from '../../workers/run-batch.ts';
import { Failure, type Result } from '../../workers/runner.ts';
import { CANCELLED, LATE, NOTHING, OUTPUT_BYTES, PENDING, SLOT_BYTES, type Slot, slotsOf } from '../../workers/slot.ts';
import {
  CLAIM_CANCELLED,
  claimLong,
  type LateReply,
  type LongResult,
  type LongTask,
  newClaim,
  shownReply,
} from '../../workers/task.ts';
import { textsOf } from '../helpers/dispatch-bench.ts';

const THREAD = 7;

/** Runs one long request. */
const runOne = (batches: BatchRunner, task: LongTask): LongResult => batches.runLong([task]).results[0] as LongResult;

type Rig = { slot: Slot; lateReplies: LateReply[]; batches: BatchRunner; asked: string[] };

/** A batch of these requests, and a worker that answers each with `answer`. */
function createRig(
  requests: readonly string[],
  answer: (request: string, index: number) => Result | Promise<Result>,
  { concurrency = 100 } = {},
): Rig {
  const [slot] = slotsOf(new SharedArrayBuffer(SLOT_BYTES)) as [Slot];
  fill(slot, requests);
  const [lateReplies, asked]: [LateReply[], string[]] = [[], []];
  const run = (input: Buffer, start: number, end: number): Result | Promise<Result> => {
    const request = input.toString('utf8', start, end);
    return answer(request, asked.push(request) - 1);
  };
  const batches = createBatchRunner({
    runner: { run },
    lateReplies: { add: (lateReply) => lateReplies.push(lateReply), isFull: false },
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

/** For each frame, the reply's text in the slot, or its state. */
function outcomesIn({ states, starts, output }: Slot, frames: number): (string | number)[] {
  return Array.from({ length: frames }, (_unused, index) => {
    const [state, start] = [states[index] as number, starts[index] as number];
    if (state <= 0) return state;
    deepStrictEqual(output.readInt32BE(start), state - 4);
    return output.toString('utf8', start + 4, start + state);
  });
}

const claimed = ({ control }: Slot): number => cursorOf(Atomics.load(control.words, control.index));
const textOf = ({ reply }: LateReply): string => Buffer.from(reply ?? []).toString('utf8', 4);

test('synchronous replies follow each other in the slot, and the batch completes synchronously', (t) => {
  const { slot, lateReplies, batches } = createRig(['a', '', 'é'], (request) =>
    request === '' ? Uint8Array.of(0x78) : `<${request}>`,
  );
  t.is(typeof batches.run(slot), 'number');
  t.deepEqual([outcomesIn(slot, 3), lateReplies], [['<a>', 'x', '<é>'], []]);
  t.deepEqual([...slot.starts.subarray(0, 3)], [0, 7, 12]);
});

test('the slot has the id of its thread before the first request runs', (t) => {
  const { slot, batches } = createRig(['a'], () => `${slot.thread}`);
  batches.run(slot);
  t.deepEqual(outcomesIn(slot, 1), [`${THREAD}`]);
});

test('replies that need only microtasks are in the slot', async (t) => {
  const { slot, lateReplies, batches } = createRig(['a', 'b'], async (request) => request.toUpperCase());
  await batches.run(slot);
  t.deepEqual([outcomesIn(slot, 2), lateReplies], [['A', 'B'], []]);
});

test('a reply that needs the event loop is a late reply', async (t) => {
  const { slot, lateReplies, batches } = createRig(['slow', 'b'], (request) =>
    request === 'slow' ? turn('late') : 'B',
  );
  await batches.run(slot);
  t.deepEqual([outcomesIn(slot, 2), lateReplies], [[PENDING, 'B'], []]);
  await turn();
  await turn();
  t.deepEqual(outcomesIn(slot, 2), [PENDING, 'B']);
  t.deepEqual(
    lateReplies.map((lateReply) => [lateReply.ticket, lateReply.index, textOf(lateReply)]),
    [[41, 0, 'late']],
  );
});

test('a late reply belongs to its own batch although the slot has another one', async (t) => {
  const late = Promise.withResolvers<Result>();
  const { slot, lateReplies, batches } = createRig(['slow'], (request) =>
    request === 'slow' ? late.promise : 'other',
  );
  await batches.run(slot);
  fill(slot, ['x'], 42);
  await batches.run(slot);
  late.resolve('late');
  await turn();
  t.deepEqual([outcomesIn(slot, 1), lateReplies.map(({ ticket, index }) => [ticket, index])], [['other'], [[41, 0]]]);
});

test('a failure is a late reply, and its state is LATE', (t) => {
  const error = { name: 'Error', message: 'no' };
  const { slot, lateReplies, batches } = createRig(['a', 'b'], (request) =>
    request === 'a' ? new Failure(error) : 'B',
  );
  batches.run(slot);
  t.deepEqual([outcomesIn(slot, 2), lateReplies], [[LATE, 'B'], [{ ticket: 41, index: 0, failure: error }]]);
});

test('a notification has an outcome without a reply, in its batch or late', async (t) => {
  const { slot, lateReplies, batches } = createRig(
    ['a', 'b', 'c'],
    (request) => [null, Promise.resolve(null), turn(null)]['abc'.indexOf(request)] ?? null,
  );
  await batches.run(slot);
  t.deepEqual(outcomesIn(slot, 3), [NOTHING, NOTHING, PENDING]);
  await turn();
  await turn();
  t.deepEqual(lateReplies, [{ ticket: 41, index: 2 }]);
});

for (const [what, make] of [
  ['bytes', (length: number) => Buffer.alloc(length, 'x')],
  ['text', (length: number) => 'x'.repeat(length)],
  ['text of more bytes than units', (length: number) => 'é'.repeat(length / 2)],
] as const) {
  test(`a reply that just fits is in the slot, and a longer one is a late reply: ${what}`, (t) => {
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

test('the transfer of a late reply takes no other memory along', (t) => {
  const pooled = Buffer.from('of a pool');
  const { slot, lateReplies, batches } = createRig(['a', 'b'], (_request, index) =>
    index === 0 ? Buffer.alloc(OUTPUT_BYTES) : pooled,
  );
  batches.run(slot);
  runOne(batches, { ticket: -1, request: requestOf('c', 4), claim: newClaim() });
  t.deepEqual(
    lateReplies.map(({ reply }) => reply?.buffer.byteLength),
    [OUTPUT_BYTES + 4, pooled.length + 4],
  );
});

test('a handler that changes its bytes later does not change the reply', (t) => {
  const bytes = Buffer.from('text');
  const { slot, batches } = createRig(['a'], () => bytes);
  batches.run(slot);
  bytes.fill(0);
  t.deepEqual(outcomesIn(slot, 1), ['text']);
});

test('at the maximum of open requests, no further one begins, in this batch or the next', async (t) => {
  const never = new Promise<Result>(() => undefined);
  const { slot, batches, asked } = createRig(['a', 'b', 'c'], () => never, { concurrency: 2 });
  await batches.run(slot);
  t.deepEqual([asked, claimed(slot)], [['a', 'b'], 2]);
  fill(slot, ['d']);
  await batches.run(slot);
  t.deepEqual([asked, claimed(slot)], [['a', 'b'], 0]);
});

test('the outcome of a request makes room for another request', async (t) => {
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

test('the reply of a long request is in its own memory, at once or later', async (t) => {
  const { batches, lateReplies } = createRig([], (request) => (request === 'slow' ? turn(Buffer.from('late')) : 'now'));
  const [now, slow] = [requestOf('fast', 8), requestOf('slow', 8)];
  const bytes = runOne(createRig([], () => Buffer.from('now')).batches, {
    ticket: -3,
    request: now,
    claim: newClaim(),
  });
  t.deepEqual(bytes, { thread: THREAD, range: { from: 0, to: 7 } });
  t.deepEqual(textsOf(Buffer.from(now.buffer, 0, 7)), ['now']);
  t.deepEqual(runOne(batches, { ticket: -4, request: slow, claim: newClaim() }), {
    thread: THREAD,
    range: undefined,
  });
  await turn();
  await turn();
  t.deepEqual(lateReplies, [{ ticket: -4, index: 0, range: { from: 0, to: 8 } }]);
  t.deepEqual(textsOf(Buffer.from(slow.buffer, 0, 8)), ['late']);
});

test('a reply that is a part of its request’s memory is not moved', (t) => {
  const request = requestOf('abcdef', 10);
  const part = new Uint8Array(request.buffer, request.byteOffset + 2, 3);
  const { batches } = createRig([], () => part);
  t.deepEqual(runOne(batches, { ticket: -1, request, claim: newClaim() }).range, { from: 2, to: 9 });
  t.deepEqual(textsOf(Buffer.from(request.buffer, 2, 7)), ['cde']);
});

test('a reply that is text, too long for the memory, or without room for a header is a late reply', (t) => {
  const request = requestOf('abcdef', 10);
  const whole = new Uint8Array(request.buffer);
  for (const [result, text] of [
    ['text', 'text'],
    [Buffer.from('1234567'), '1234567'],
    [whole, Buffer.from(whole).toString()],
  ] as const) {
    const { batches, lateReplies } = createRig([], () => result);
    t.is(runOne(batches, { ticket: -5, request, claim: newClaim() }).range, undefined);
    t.deepEqual(
      lateReplies.map((lateReply) => [lateReply.ticket, lateReply.index, textOf(lateReply)]),
      [[-5, 0, text]],
    );
  }
});

/** A request in shared memory of that size, after the space for its header. */
function requestOf(text: string, bytes: number): Uint8Array<SharedArrayBuffer> {
  const memory = new SharedArrayBuffer(bytes);
  const length = Buffer.byteLength(text);
  const start = Math.min(4, bytes - length);
  Buffer.from(memory).write(text, start);
  return new Uint8Array(memory, start, length);
}

test('in any mixture, each request has exactly one outcome: its own', async (t) => {
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
    const outcomes = new Map(
      outcomesIn(slot, mixture.length).flatMap((one, index) =>
        typeof one === 'string' || one === NOTHING ? [[index, one]] : [],
      ),
    );
    await turn();
    await turn();
    for (const lateReply of lateReplies) {
      deepStrictEqual(outcomes.has(lateReply.index), false);
      outcomes.set(lateReply.index, lateReply.failure?.message ?? textOf(lateReply));
    }
    const expected = mixture.map(({ way }, index) => (way === 'null' ? NOTHING : replyOf(index)));
    deepStrictEqual(
      expected.map((_one, index) => outcomes.get(index)),
      expected,
    );
  });
  await t.notThrowsAsync(fc.assert(own, { numRuns: 200 }));
});

test('a request that is cancelled before it begins does not begin, long or short', (t) => {
  const { slot, lateReplies, batches, asked } = createRig(['a', 'b', 'c'], (request) => Buffer.from(request));
  slot.states[1] = CANCELLED;
  batches.run(slot);
  t.deepEqual(
    [asked, outcomesIn(slot, 3)],
    [
      ['a', 'c'],
      ['a', NOTHING, 'c'],
    ],
  );
  const claim = newClaim();
  t.true(claimLong(claim, CLAIM_CANCELLED));
  runOne(batches, { ticket: -1, request: new Uint8Array(new SharedArrayBuffer(4)), claim });
  t.deepEqual([asked, lateReplies], [['a', 'c'], [{ ticket: -1, index: 0 }]]);
});

test('the thread that begins a long request stores its id in the claim', (t) => {
  const { batches } = createRig([], () => Buffer.from('now'));
  const claim = newClaim();
  runOne(batches, { ticket: -1, request: new Uint8Array(new SharedArrayBuffer(4)), claim });
  t.is(claim[0], THREAD);
});

test('the reply of a long request is shown in its claim, before the result of the task arrives', async (t) => {
  const claimed = { ticket: -1, request: requestOf('abc', 8), claim: newClaim() };
  const { batches } = createRig([], (request) => (request === 'abc' ? Buffer.from('now') : 'text'));
  t.is(shownReply(claimed.claim), undefined);
  runOne(batches, claimed);
  t.deepEqual(shownReply(claimed.claim), { from: 0, to: 7 });
  const text = { ticket: -2, request: requestOf('def', 8), claim: newClaim() };
  runOne(batches, text);
  t.is(shownReply(text.claim), undefined, 'text comes as a late reply');
});

test('of several long requests, those beyond --concurrency are left unclaimed; the first one always has a place', async (t) => {
  const { batches, lateReplies } = createRig([], () => turn(Buffer.from('late')), { concurrency: 2 });
  const tasks = [-1, -2, -3].map((ticket) => ({ ticket, request: requestOf('abc', 8), claim: newClaim() }));
  const { results, us } = batches.runLong(tasks);
  t.deepEqual(
    results.map(({ isLeft = false }) => isLeft),
    [false, false, true],
  );
  t.true(us >= 0);
  t.deepEqual(
    tasks.map(({ claim }) => claim[0]),
    [THREAD, THREAD, 0],
  );
  const extra = { ticket: -4, request: requestOf('abc', 8), claim: newClaim() };
  t.falsy(runOne(batches, extra).isLeft);
  await turn();
  await turn();
  t.deepEqual(
    lateReplies.map(({ ticket }) => ticket),
    [-1, -2, -4],
  );
});
