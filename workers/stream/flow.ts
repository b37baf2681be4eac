/**
 * The flow of one stream, in shared memory: what the thread may send is decided there, and what the main thread learns of the
 * client it writes there. Both sides use this file.
 *
 *     bell       changes with each of the others              written by: both
 *     taken      bytes that the kernel has taken              written by: main; set to 0 by worker
 *     items      credit that the client has given since       written by: main; set to 0 by worker
 *     bytes      the same, in bytes                           written by: main; set to 0 by worker
 *     stopped    1 once the stream has no reader any more     written by: both
 *
 * No wake-up is lost: the thread reads the bell, then the other words, and waits only while the bell is unchanged.
 */
import type { StreamCredit } from '../../wire/stream.ts';

const BELL = 0;
const TAKEN = 1;
const ITEMS = 2;
const BYTES = 3;
const STOPPED = 4;
const WORDS = 5;
const MAX_WORD = 2 ** 31 - 1;

export type Flow = Int32Array<SharedArrayBuffer>;

export function createFlow(): Flow {
  return new Int32Array(new SharedArrayBuffer(4 * WORDS));
}

/** Main thread: the kernel has taken bytes of the stream. */
export function noteTaken(flow: Flow, bytes: number): void {
  Atomics.add(flow, TAKEN, bytes);
  ring(flow);
}

/** Main thread: the client has room for more. */
export function giveCredit(flow: Flow, { items, bytes }: StreamCredit): void {
  addTo(flow, ITEMS, items);
  addTo(flow, BYTES, bytes);
  ring(flow);
}

/** The stream has no reader any more. */
export function stopFlow(flow: Flow): void {
  Atomics.store(flow, STOPPED, 1);
  ring(flow);
}

export function isStopped(flow: Flow): boolean {
  return Atomics.load(flow, STOPPED) === 1;
}

/** Worker: the bytes that the kernel has taken since the last call. */
export function takeTaken(flow: Flow): number {
  return Atomics.exchange(flow, TAKEN, 0);
}

/** Worker: the credit that the client has given since the last call. */
export function takeCredit(flow: Flow): StreamCredit {
  return { items: Atomics.exchange(flow, ITEMS, 0), bytes: Atomics.exchange(flow, BYTES, 0) };
}

export function bellOf(flow: Flow): number {
  return Atomics.load(flow, BELL);
}

/** Changes the bell, and wakes the thread if it waits. */
function ring(flow: Flow): void {
  Atomics.add(flow, BELL, 1);
  Atomics.notify(flow, BELL);
}

/** Worker: resolves when the bell differs from what was seen. */
export async function whenRung(flow: Flow, seen: number): Promise<void> {
  await Atomics.waitAsync(flow, BELL, seen).value;
}

/** A client may give more than a word holds. */
function addTo(flow: Flow, index: number, more: number): void {
  let word = Atomics.load(flow, index);
  for (;;) {
    const seen = Atomics.compareExchange(flow, index, word, Math.min(MAX_WORD, word + more));
    if (seen === word) return;
    word = seen;
  }
}
