/** The states of a thread: the table of transitions, and the record of a thread that follows it. */
import { deepStrictEqual } from 'node:assert/strict';
import type { Worker } from 'node:worker_threads';
import test from 'ava';
import fc from 'fast-check';
import { Thread } from '../../../src/pool/thread.ts';
import { assertTransition, type ThreadState, TRANSITIONS } from '../../../src/pool/thread-state.ts';

const STATES = Object.keys(TRANSITIONS) as ThreadState[];
const FINAL: readonly ThreadState[] = ['exited', 'lost'];
const worker = { threadId: 7 } as Worker;

/** The shortest way from the first state to each state. */
const WAYS: Readonly<Record<ThreadState, readonly ThreadState[]>> = {
  spare: ['spare'],
  serving: ['serving'],
  stalled: ['serving', 'stalled'],
  retiring: ['serving', 'retiring'],
  terminating: ['serving', 'retiring', 'terminating'],
  exited: ['serving', 'retiring', 'exited'],
  lost: ['serving', 'retiring', 'terminating', 'lost'],
};

function threadIn(state: ThreadState): Thread {
  const [first, ...others] = WAYS[state];
  const thread = new Thread(worker, first as 'spare' | 'serving');
  for (const next of others) thread.moveTo(next);
  return thread;
}

/** Whether `ended` has resolved by the end of the microtask queue. */
async function hasEnded(thread: Thread): Promise<boolean> {
  let ended = false;
  void thread.ended.then(() => {
    ended = true;
  });
  await new Promise(setImmediate);
  return ended;
}

for (const state of STATES) {
  test(`from ${state}, the transitions of the table are possible, and all others throw`, (t) => {
    for (const next of STATES) {
      const thread = threadIn(state);
      if (TRANSITIONS[state].includes(next)) {
        thread.moveTo(next);
        t.is(thread.state, next);
      } else {
        t.throws(() => assertTransition(state, next), { message: `a ${state} thread cannot become ${next}` });
        t.throws(() => thread.moveTo(next), { message: `a ${state} thread cannot become ${next}` });
        t.is(thread.state, state);
      }
    }
  });

  test(`the predicates of a ${state} thread`, async (t) => {
    const thread = threadIn(state);
    t.is(thread.isActive, state === 'serving' || state === 'stalled');
    t.is(thread.isEnding, !['spare', 'serving', 'stalled'].includes(state));
    t.is(await hasEnded(thread), FINAL.includes(state));
  });
}

test('no state can be reached again after a thread has retired', (t) => {
  const following = (state: ThreadState): ThreadState[] =>
    TRANSITIONS[state].flatMap((next) => [next, ...following(next)]);
  for (const state of ['retiring', 'terminating', ...FINAL] as const) {
    t.false(following(state).includes(state));
    for (const active of ['spare', 'serving', 'stalled'] as const) t.false(following(state).includes(active));
  }
});

test('a thread is done without tasks and open requests', (t) => {
  const usage = { currentUsage: 1 };
  const thread = new Thread(worker, 'serving', usage);
  t.deepEqual([thread.tasks, thread.isDone], [1, false]);
  usage.currentUsage = 0;
  thread.openRequests = 1;
  t.false(thread.isDone);
  thread.openRequests = 0;
  t.true(thread.isDone);
});

/** The reference: a thread with one flag for each fact, as independent variables. */
type Flags = { spare: boolean; stalled: boolean; ending: boolean; terminated: boolean; lost: boolean; exited: boolean };

/** The operations of the pool, with the conditions under which it calls them. */
const OPERATIONS: Readonly<Record<string, (thread: Thread, flags: Flags) => void>> = {
  serve(thread, flags) {
    if (!flags.spare || flags.ending) return;
    flags.spare = false;
    thread.moveTo('serving');
  },
  stall(thread, flags) {
    if (!flags.spare && !flags.ending) flags.stalled = true;
    thread.setStalled(true);
  },
  progress(thread, flags) {
    if (!flags.ending) flags.stalled = false;
    thread.setStalled(false);
  },
  retire(thread, flags) {
    flags.spare = false;
    flags.ending = true;
    if (!thread.isEnding) thread.moveTo('retiring');
  },
  terminate(thread, flags) {
    if (!flags.ending || flags.terminated || flags.exited) return;
    flags.terminated = true;
    thread.moveTo('terminating');
  },
  giveUp(thread, flags) {
    if (!flags.terminated || flags.exited || flags.lost) return;
    flags.lost = true;
    thread.moveTo('lost');
  },
  exit(thread, flags) {
    OPERATIONS.retire?.(thread, flags);
    if (flags.exited) return;
    flags.exited = true;
    if (thread.state !== 'lost') thread.moveTo('exited');
  },
};

function stateOf({ spare, stalled, ending, terminated, lost, exited }: Flags): ThreadState {
  if (lost) return 'lost';
  if (exited) return 'exited';
  if (terminated) return 'terminating';
  if (ending) return 'retiring';
  if (spare) return 'spare';
  return stalled ? 'stalled' : 'serving';
}

test('in any order of the operations of the pool, the state has all that independent flags would have', async (t) => {
  const anyOperations = fc.array(fc.constantFrom(...Object.keys(OPERATIONS)), { maxLength: 20 });
  const follows = fc.asyncProperty(fc.constantFrom('spare', 'serving'), anyOperations, async (first, names) => {
    const thread = new Thread(worker, first as 'spare' | 'serving');
    const flags: Flags = {
      spare: first === 'spare',
      stalled: false,
      ending: false,
      terminated: false,
      lost: false,
      exited: false,
    };
    for (const name of names) {
      OPERATIONS[name]?.(thread, flags);
      deepStrictEqual(thread.state, stateOf(flags), names.join(' '));
      deepStrictEqual(thread.isEnding, flags.ending);
      deepStrictEqual(thread.isActive, !flags.spare && !flags.ending);
    }
    deepStrictEqual(await hasEnded(thread), flags.lost || flags.exited);
  });
  await t.notThrowsAsync(fc.assert(follows, { numRuns: 500 }));
});
