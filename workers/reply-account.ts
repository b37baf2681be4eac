/**
 * The account of one thread's late replies, in shared memory. The thread sends a reply while it has credit; the main
 * thread gives the credit back when it has room for further replies. Both sides use this file.
 *
 *     returned   credit that the main thread has given back     written by: main
 *     waiting    1 while replies wait for credit                written by: worker; cleared by main
 *     full       1 while the thread starts no request           written by: worker
 *
 * No wake-up is lost: the thread sets `waiting` and then reads `returned`; the main thread raises `returned` and then
 * reads `waiting`. All are `Atomics`, so one of the two sees the other's store.
 */

const RETURNED = 0;
const WAITING = 1;
const FULL = 2;
const WORDS = 3;

/** Credit is counted in KiB, so that a word holds it. */
const UNIT_BYTES = 1024;

export type ReplyAccount = Int32Array<SharedArrayBuffer>;

export function createReplyAccount(): ReplyAccount {
  return new Int32Array(new SharedArrayBuffer(4 * WORDS));
}

/** The credit that a reply takes; none without bytes of its own. */
export function unitsOf(bytes: number): number {
  return Math.ceil(bytes / UNIT_BYTES);
}

/** All credit that was given back so far. Wraps around, as the sum that it is compared with does. */
export function returnedUnits(account: ReplyAccount): number {
  return Atomics.load(account, RETURNED);
}

/** Main thread: gives credit back. Returns whether the thread has to be told, because replies wait for it. */
export function returnUnits(account: ReplyAccount, units: number): boolean {
  Atomics.add(account, RETURNED, units);
  return Atomics.exchange(account, WAITING, 0) === 1;
}

/** Worker: replies wait for credit. To be followed by a look at `returnedUnits()`. */
export function setWaiting(account: ReplyAccount): void {
  Atomics.store(account, WAITING, 1);
}

export function setFull(account: ReplyAccount, isFull: boolean): void {
  Atomics.store(account, FULL, isFull ? 1 : 0);
}

/** Whether the thread starts no request, since its waiting replies have reached their limit. */
export function isFull(account: ReplyAccount): boolean {
  return Atomics.load(account, FULL) === 1;
}
