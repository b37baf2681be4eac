/**
 * The states of a worker thread in the pool.
 *
 *     spare ──▶ serving ◀──▶ stalled
 *       │          │            │
 *       └──────────┴─────┬──────┘
 *                        ▼
 *                     retiring ──▶ terminating ──▶ exited
 *                        │              │
 *                        ▼              ▼
 *                      exited          lost
 *
 * Two facts are no states, because each of them can become true in several states: Piscina reports that the thread has
 * started, and the thread reports that it has loaded the module. The reports may come in either order; a spare may serve
 * and a thread may retire before them.
 */

export type ThreadState =
  /** Takes no tasks yet: it replaces another thread when its module is loaded. */
  | 'spare'
  /** Takes tasks. */
  | 'serving'
  /** Makes no progress with its tasks. Takes no tasks until it does. */
  | 'stalled'
  /** Takes no tasks. Ends after its last open request, or dies of an error. */
  | 'retiring'
  /** `worker.terminate()` was called. */
  | 'terminating'
  | 'exited'
  /** Did not end in time. Counts as exited, although it may still run. */
  | 'lost';

/** State → the states that can follow it. */
export const TRANSITIONS: Readonly<Record<ThreadState, readonly ThreadState[]>> = {
  spare: ['serving', 'retiring'],
  serving: ['stalled', 'retiring'],
  stalled: ['serving', 'retiring'],
  retiring: ['terminating', 'exited'],
  terminating: ['exited', 'lost'],
  exited: [],
  lost: [],
};

/** @throws Error when `next` cannot follow `state`, which is a defect of the pool. */
export function assertTransition(state: ThreadState, next: ThreadState): void {
  if (!TRANSITIONS[state].includes(next)) throw new Error(`a ${state} thread cannot become ${next}`);
}
