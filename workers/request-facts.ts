/** What the main thread knows of a request beside its bytes. */

export type Peer = {
  /** The user id of the process that connected. */
  uid: number;
  /** Its process id, where the system tells. It may have exited since. */
  pid?: number;
};

/** Of the requests of a batch, by their index, or of one long request. */
export type RequestFacts = {
  /** By when the request must have an outcome, in milliseconds since the epoch. Only valid if it says a timeout, or its method has one. */
  dueAt(index: number): number;
  /** Undefined over TCP. */
  peer(index: number): Peer | undefined;
};

/** A user id that stands for none. */
export const NO_UID: number = 2 ** 32 - 1;
/** A process id that stands for none. */
export const NO_PID = 0;

export function peerOf(uid: number, pid: number): Peer | undefined {
  if (uid === NO_UID) return undefined;
  return pid === NO_PID ? { uid } : { uid, pid };
}
