/** How many of the arriving requests start, and how long requests are passed on. */
import test from 'ava';
import { type Admission, createAdmission } from '../../../../src/dispatch/connection/admission.ts';
import { OpenIds } from '../../../../src/dispatch/connection/open-ids.ts';
import { createReplyQueue, type ReplyQueue } from '../../../../src/dispatch/connection/reply-queue.ts';
import { createRequestQueue } from '../../../../src/dispatch/connection/request-queue.ts';
import type { RequestQueue } from '../../../../src/dispatch/connection/request-queue-options.ts';
import { runOf, textsOf } from '../../../helpers/dispatch-bench.ts';
import { ANY_TIME, replyQueueOptions } from '../../../helpers/reply-queue-options.ts';

type State = { window: number; full: boolean; settlings: number };
type Rig = {
  requestQueue: RequestQueue;
  replyQueue: ReplyQueue;
  admission: Admission;
  started: string[][];
  recycled: Buffer[];
  state: State;
};

/** A frame of more than 20 bytes is a long request here. The requests are never settled. */
function createRig(window: number, maxRequests = Number.POSITIVE_INFINITY): Rig {
  const state: State = { window, full: false, settlings: 0 };
  const started: string[][] = [];
  const end = {
    send: () => undefined,
    fail: () => undefined,
    settled() {
      if (!requestQueue.hasQueued) state.settlings += 1;
    },
    balance: () => undefined,
    sendPart: () => undefined,
    isWriteBlocked: () => state.full,
    onFault(error: unknown) {
      throw error;
    },
  };
  const replyQueue = createReplyQueue(end, replyQueueOptions(false));
  const recycled: Buffer[] = [];
  const admission = createAdmission({
    maxRequests,
    maxBytes: Number.POSITIVE_INFINITY,
    expectedMs: () => 0,
    onChange: () => requestQueue.resume(),
  });
  const requestQueue: RequestQueue = createRequestQueue(replyQueue, {
    window: () => state.window,
    admission,
    isRaw: () => maxRequests !== Number.POSITIVE_INFINITY,
    waiting: new Set(),
    recycle: (run) => recycled.push(run),
    onQueued: () => undefined,
    longFrameBytes: 20,
    start: (to, run, frames, times) => {
      started.push(textsOf(run));
      return to.open(frames, run.length, times);
    },
    startLong: (to, payload, times) => {
      started.push([`long ${payload.toString()}`]);
      return to.open(1, payload.length, times);
    },
  });
  return { requestQueue, replyQueue, admission, started, recycled, state };
}

test('a run starts as a whole', (t) => {
  const { requestQueue, started } = createRig(10);
  requestQueue.dispatch(runOf('a', '', 'b'), ANY_TIME);
  t.deepEqual([started, requestQueue.hasQueued], [[['a', '', 'b']], false]);
});

test('long frames start one by one, in their order', (t) => {
  const { requestQueue, started } = createRig(10);
  const [just, over] = ['x'.repeat(16), 'y'.repeat(17)];
  requestQueue.dispatch(runOf(over, 'a', just, over, over, 'b'), ANY_TIME);
  t.deepEqual(started, [[`long ${over}`], ['a', just], [`long ${over}`], [`long ${over}`], ['b']]);
});

test('no more requests start than the window allows, long requests included', (t) => {
  const { requestQueue, started, replyQueue } = createRig(3);
  requestQueue.dispatch(runOf('a', 'y'.repeat(17), 'b', 'c'), ANY_TIME);
  requestQueue.dispatch(runOf('d'), ANY_TIME);
  t.deepEqual([started.length, replyQueue.requests, requestQueue.hasQueued], [3, 3, true]);
});

test('waiting requests start in order as the window gets room, from memory of their own', (t) => {
  const { requestQueue, started, state } = createRig(1);
  const runs = [runOf('a', 'b', 'c'), runOf('d')];
  for (const run of runs) requestQueue.dispatch(run, ANY_TIME);
  for (const run of runs) run.fill(0xff);
  for (state.window = 2; requestQueue.hasQueued; state.window += 1) requestQueue.resume();
  t.deepEqual(started, [['a'], ['b'], ['c'], ['d']]);
});

test('a window smaller than the number of open requests starts nothing', (t) => {
  const { requestQueue, started, state } = createRig(3);
  requestQueue.dispatch(runOf('a', 'b', 'c'), ANY_TIME);
  state.window = 1;
  requestQueue.dispatch(runOf('d'), ANY_TIME);
  t.deepEqual([started, requestQueue.hasQueued], [[['a', 'b', 'c']], true]);
});

test('nothing starts while replies are not read, unless the connection is closed', (t) => {
  const { requestQueue, started, replyQueue, state } = createRig(3);
  state.full = true;
  requestQueue.dispatch(runOf('a'), ANY_TIME);
  requestQueue.resume();
  t.deepEqual(started, []);
  replyQueue.abandon();
  requestQueue.resume();
  t.deepEqual([started, requestQueue.hasQueued], [[['a']], false]);
});

test('waiting requests start once when a start makes room and resumes the queue again', (t) => {
  const { requestQueue, started, state } = createRig(1, 3);
  requestQueue.dispatch(runOf('a', 'b', 'c', 'd'), ANY_TIME);
  state.window = 10;
  requestQueue.resume();
  t.deepEqual([started, requestQueue.hasQueued], [[['a'], ['b', 'c', 'd']], false]);
});

test('when the last waiting request is refused, the queue reports that nothing waits', (t) => {
  const { requestQueue, state } = createRig(0);
  requestQueue.dispatch(runOf('a', 'b'), ANY_TIME);
  t.deepEqual([requestQueue.hasQueued, requestQueue.waiting], [true, 2]);
  requestQueue.refuseWaiting((payload) =>
    payload.toString() === 'a' ? { name: 'Error', message: 'late' } : undefined,
  );
  t.deepEqual([requestQueue.hasQueued, requestQueue.waiting, state.settlings], [true, 1, 0]);
  requestQueue.refuseWaiting(() => ({ name: 'Error', message: 'late' }));
  t.deepEqual([requestQueue.hasQueued, requestQueue.waiting, state.settlings], [false, 0, 1]);
});

test('the bytes of a request that was refused alone are counted off with those before it', (t) => {
  const { requestQueue, replyQueue, admission } = createRig(1);
  const error = { name: 'Error', message: 'no' };
  const call = (id: number): Buffer => runOf(`{"jsonrpc":"2.0","id":${id},"method":"m"}`);
  const ids = new OpenIds();
  replyQueue.ids = ids;
  requestQueue.dispatch(call(1), ANY_TIME, 1);
  for (const id of [2, 3]) requestQueue.dispatch(call(id), ANY_TIME, 1);
  const [second, third] = [...requestQueue.queued];
  const entry = third?.ids?.[0];
  if (third === undefined || entry === undefined) throw new Error('the third request does not wait');
  third.queue.refuseAt(third, entry, error);
  second?.queue.refuseIn(second, () => error);
  t.deepEqual([requestQueue.hasQueued, admission.requests, admission.bytes], [false, 0, 0]);
});

test('memory of its own that no request uses is given back', (t) => {
  const run = runOf('y'.repeat(30));
  const waits = createRig(0);
  waits.requestQueue.dispatch(run, ANY_TIME, 1, true);
  waits.requestQueue.refuseWaiting(() => ({ name: 'Error', message: 'no' }));
  t.deepEqual([waits.recycled, waits.admission.bytes], [[run], 0]);
});
