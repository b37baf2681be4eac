/**
 * Bounds the open requests of all connections together, and the memory of requests, replies and arriving frames. Knows no
 * connection.
 *
 * Something always gets on: one request is admitted whenever nothing else is open, whatever its size; and what is counted
 * here goes away by itself. A request gets an outcome; a reply is taken, or its connection is closed after a minute
 * (slow-client-timeout.ts); the oldest arriving frame is read on within its time limit, and frames alone never fill more
 * than three quarters of what admission compares with its limit.
 */
import { LaunchpoolError, type PlainError, toPlain } from '../../../wire/errors.ts';

/** Once full, it stays full until this share is free again: each change of state visits every connection. */
const FREE_AGAIN = 0.25;
/** The share of `maxBytes` that requests and replies always have, however much memory arriving frames take. */
const OWN_SHARE = 0.25;
/** Unread replies of this share of `maxBytes` let further late replies wait in their threads. */
const WAITING_SHARE = 0.5;
/** Unread replies of this share of `maxBytes` let no further request start. */
const STARTING_SHARE = 0.75;
/** Raw replies of this share of `maxBytes` that wait for their turn let only requests start whose turn it is. */
const HELD_SHARE = 0.5;
const MUST_WAIT = 1;
const MUST_NOT_START = 2;
const MUST_NOT_OVERTAKE = 4;
/** The limits of `retryAfterMs`, in milliseconds. */
const MIN_RETRY_MS = 20;
const MAX_RETRY_MS = 5_000;

/**
 * The memory that is counted beside that of requests in ordinary memory:
 * - `unread`: replies that the kernel has not taken; those in shared memory are counted with that.
 * - `held`: replies of raw agents that wait for their turn.
 * - `long`: the shared memory of long requests, until their replies are taken.
 * - `spare`: shared memory that is retained for long requests to come.
 * - `incoming`: frames that have arrived in part.
 */
export type MemoryKind = 'unread' | 'held' | 'long' | 'spare' | 'incoming';

export type AdmissionOptions = {
  /** The highest number of requests that have been read and have no outcome. */
  maxRequests: number;
  /** The highest number of bytes, of all kinds together. */
  maxBytes: number;
  /** The time that the threads are expected to need for this number of requests, in milliseconds. */
  expectedMs: (requests: number) => number;
  /** Called when `isFull` changes. */
  onChange: () => void;
  /** Called when `mayReply`, `mayStart` or `mayOvertake` becomes true. */
  onReplyRoom?: () => void;
  /** Called to free the spare memory. */
  onPressure?: () => void;
};

export type Admission = {
  readonly requests: number;
  /** The memory of all kinds. */
  readonly bytes: number;
  /** Whether connections must stop reading. */
  readonly isFull: boolean;
  /** How many of these requests have room, if they have this many bytes in all. */
  roomFor(requests: number, bytes: number): number;
  enter(requests: number, bytes: number): void;
  leave(requests: number, bytes: number): void;
  /** Adds to the memory of a kind. @param bytes negative for memory that is free again. */
  hold(kind: MemoryKind, bytes: number): void;
  /** Whether there is room for further late replies. */
  readonly mayReply: boolean;
  /** Whether further requests may start. */
  readonly mayStart: boolean;
  /** Whether requests of raw agents may start before their turn. */
  readonly mayOvertake: boolean;
  /** The error for requests that exceed the limits. @param frames how many requests get it. */
  busy(frames: number): PlainError;
  /** How many requests got that error. */
  readonly refused: number;
};

export function createAdmission(options: AdmissionOptions): Admission {
  const { maxRequests, maxBytes, expectedMs, onChange, onReplyRoom, onPressure } = options;
  const memory: Record<MemoryKind, number> = { unread: 0, held: 0, long: 0, spare: 0, incoming: 0 };
  let requests = 0;
  /** The memory of requests and replies, and all memory. */
  let work = 0;
  let bytes = 0;
  let isFull = false;
  let refused = 0;
  let reached = 0;

  function check(): void {
    const bytesLevel = Math.min(bytes / maxBytes, work / (OWN_SHARE * maxBytes));
    const level = Math.max(requests / maxRequests, bytesLevel);
    if (isFull ? level > 1 - FREE_AGAIN : level < 1) return;
    isFull = !isFull;
    onChange();
  }

  function count(more: number, isWork: boolean): void {
    bytes += more;
    if (isWork) work += more;
    if (more > 0 && bytes >= maxBytes && memory.spare > 0) onPressure?.();
    if (isFull || bytes >= maxBytes || requests >= maxRequests) check();
  }

  /** The limits of replies that are exceeded, as bits. No limit holds the last reply back. */
  function limitsReached(): number {
    const { unread, held } = memory;
    const isOver = (replies: number, share: number): boolean => replies > 0 && replies >= share * maxBytes;
    return (
      (isOver(unread, WAITING_SHARE) ? MUST_WAIT : 0) |
      (isOver(unread, STARTING_SHARE) ? MUST_NOT_START : 0) |
      (isOver(held, HELD_SHARE) ? MUST_NOT_OVERTAKE : 0)
    );
  }

  return {
    get requests() {
      return requests;
    },
    get bytes() {
      return bytes;
    },
    get isFull() {
      return isFull;
    },
    get refused() {
      return refused;
    },
    get mayReply() {
      return (reached & MUST_WAIT) === 0;
    },
    get mayStart() {
      return (reached & MUST_NOT_START) === 0;
    },
    get mayOvertake() {
      return (reached & MUST_NOT_OVERTAKE) === 0;
    },
    roomFor(more, moreBytes) {
      if (bytes + moreBytes > maxBytes && memory.spare > 0) onPressure?.();
      const fits = bytes + moreBytes <= maxBytes || work + moreBytes <= OWN_SHARE * maxBytes || work === 0;
      return fits ? Math.max(0, Math.min(more, maxRequests - requests)) : 0;
    },
    enter(more, moreBytes) {
      requests += more;
      count(moreBytes, true);
    },
    leave(less, lessBytes) {
      requests -= less;
      count(-lessBytes, true);
    },
    hold(kind, more) {
      memory[kind] += more;
      count(more, kind !== 'spare' && kind !== 'incoming');
      if (kind !== 'unread' && kind !== 'held') return;
      const before = reached;
      reached = limitsReached();
      if ((before & ~reached) !== 0) onReplyRoom?.();
    },
    busy(frames) {
      refused += frames;
      const retryAfterMs = Math.round(Math.min(MAX_RETRY_MS, Math.max(MIN_RETRY_MS, expectedMs(requests))));
      const message = `the agent is busy with ${requests} requests, and ${bytes} bytes of requests and replies`;
      return toPlain(
        new LaunchpoolError('ERR_LAUNCHPOOL_BUSY', message, {
          data: { retryAfterMs },
          hint: `Retry after ${retryAfterMs} ms; --max-requests and --max-bytes set the limits.`,
        }),
      );
    },
  };
}
