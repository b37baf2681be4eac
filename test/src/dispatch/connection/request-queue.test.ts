/** How much of what comes is begun, and what takes the long way. */
import test from 'ava';
import { createAdmission } from '../../../../src/dispatch/connection/admission.ts';
import { createLane, type Lane } from '../../../../src/dispatch/connection/reply-queue.ts';
import { createEntrance, type Entrance } from '../../../../src/dispatch/connection/request-queue.ts';
import { runOf, textsOf } from '../../../helpers/dispatch-bench.ts';
import { ANY_TIME, laneOptions } from '../../../helpers/reply-queue-options.ts';

type State = { window: number; full: boolean; settlings: number };
type Rig = { entrance: Entrance; lane: Lane; begun: string[][]; state: State };

/** A frame of more than 20 bytes is a long one here; the lane's requests are never settled. */
function createRig(window: number, maxRequests = Number.POSITIVE_INFINITY): Rig {
  const state: State = { window, full: false, settlings: 0 };
  const begun: string[][] = [];
  const end = {
    send: () => undefined,
    fail: () => undefined,
    settled() {
      if (!entrance.isFull) state.settlings += 1;
    },
    isFull: () => state.full,
  };
  const lane = createLane(end, laneOptions(false));
  const entrance: Entrance = createEntrance(lane, {
    window: () => state.window,
    admission: createAdmission({
      maxRequests,
      maxBytes: Number.POSITIVE_INFINITY,
      expectedMs: () => 0,
      onChange: () => entrance.resume(),
    }),
    isRpc: () => maxRequests === Number.POSITIVE_INFINITY,
    waiting: new Set(),
    longFrameBytes: 20,
    begin: (to, run, frames, times) => {
      to.open(frames, run.length, times);
      begun.push(textsOf(run));
    },
    beginLong: (to, payload, times) => {
      to.open(1, payload.length, times);
      begun.push([`long ${payload.toString()}`]);
    },
  });
  return { entrance, lane, begun, state };
}

test('a run is begun as a whole', (t) => {
  const { entrance, begun } = createRig(10);
  entrance.dispatch(runOf('a', '', 'b'), ANY_TIME);
  t.deepEqual([begun, entrance.isFull], [[['a', '', 'b']], false]);
});

test('long frames go by themselves, in their place', (t) => {
  const { entrance, begun } = createRig(10);
  const [just, over] = ['x'.repeat(16), 'y'.repeat(17)];
  entrance.dispatch(runOf(over, 'a', just, over, over, 'b'), ANY_TIME);
  t.deepEqual(begun, [[`long ${over}`], ['a', just], [`long ${over}`], [`long ${over}`], ['b']]);
});

test('no more is begun than may be under way, long ones included', (t) => {
  const { entrance, begun, lane } = createRig(3);
  entrance.dispatch(runOf('a', 'y'.repeat(17), 'b', 'c'), ANY_TIME);
  entrance.dispatch(runOf('d'), ANY_TIME);
  t.deepEqual([begun.length, lane.requests, entrance.isFull], [3, 3, true]);
});

test('what waits is begun in its order as room comes, from memory of its own', (t) => {
  const { entrance, begun, state } = createRig(1);
  const runs = [runOf('a', 'b', 'c'), runOf('d')];
  for (const run of runs) entrance.dispatch(run, ANY_TIME);
  for (const run of runs) run.fill(0xff);
  for (state.window = 2; entrance.isFull; state.window += 1) entrance.resume();
  t.deepEqual(begun, [['a'], ['b'], ['c'], ['d']]);
});

test('a window that has become smaller than what is under way begins nothing', (t) => {
  const { entrance, begun, state } = createRig(3);
  entrance.dispatch(runOf('a', 'b', 'c'), ANY_TIME);
  state.window = 1;
  entrance.dispatch(runOf('d'), ANY_TIME);
  t.deepEqual([begun, entrance.isFull], [[['a', 'b', 'c']], true]);
});

test('while replies are not read nothing is begun, unless nobody is there to read them', (t) => {
  const { entrance, begun, lane, state } = createRig(3);
  state.full = true;
  entrance.dispatch(runOf('a'), ANY_TIME);
  entrance.resume();
  t.deepEqual(begun, []);
  lane.abandon();
  entrance.resume();
  t.deepEqual([begun, entrance.isFull], [[['a']], false]);
});

test('what waits is begun once, though to begin it makes room for all, which leads back to it', (t) => {
  const { entrance, begun, state } = createRig(1, 3);
  entrance.dispatch(runOf('a', 'b', 'c', 'd'), ANY_TIME);
  state.window = 10;
  entrance.resume();
  t.deepEqual([begun, entrance.isFull], [[['a'], ['b', 'c', 'd']], false]);
});

test('when the last of what waits is refused, it is said that nothing waits any more', (t) => {
  const { entrance, state } = createRig(0);
  entrance.dispatch(runOf('a', 'b'), ANY_TIME);
  t.deepEqual([entrance.isFull, entrance.waiting], [true, 2]);
  entrance.refuseWaiting((payload) => (payload.toString() === 'a' ? { name: 'Error', message: 'late' } : undefined));
  t.deepEqual([entrance.isFull, entrance.waiting, state.settlings], [true, 1, 0]);
  entrance.refuseWaiting(() => ({ name: 'Error', message: 'late' }));
  t.deepEqual([entrance.isFull, entrance.waiting, state.settlings], [false, 0, 1]);
});
