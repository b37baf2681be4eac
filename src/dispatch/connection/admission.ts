/** Bounds the open requests of all connections together, and their memory. Knows no connection. */
import { LaunchpoolError, type PlainError, toPlain } from '../../../wire/errors.ts';

/** Once full, it stays full until this share is free again: each change of state visits every connection. */
const FREE_AGAIN = 0.25;
/** The limits of `retryAfterMs`, in milliseconds. */
const MIN_RETRY_MS = 20;
const MAX_RETRY_MS = 5_000;

export type AdmissionOptions = {
  /** The highest number of requests that have been read and have no outcome. */
  maxRequests: number;
  /** The highest number of bytes of these requests. */
  maxBytes: number;
  /** The time that the threads are expected to need for this number of requests, in milliseconds. */
  expectedMs: (requests: number) => number;
  /** Called when `isFull` changes. */
  onChange: () => void;
};

export type Admission = {
  readonly requests: number;
  readonly bytes: number;
  /** Whether connections must stop reading. */
  readonly isFull: boolean;
  /** How many of these requests have room, if they have this many bytes in all. */
  roomFor(requests: number, bytes: number): number;
  enter(requests: number, bytes: number): void;
  leave(requests: number, bytes: number): void;
  /** The error for requests that exceed the limits. @param frames how many requests get it. */
  busy(frames: number): PlainError;
  /** How many requests got that error. */
  readonly refused: number;
};

export function createAdmission({ maxRequests, maxBytes, expectedMs, onChange }: AdmissionOptions): Admission {
  let requests = 0;
  let bytes = 0;
  let isFull = false;
  let refused = 0;

  function check(): void {
    const level = Math.max(requests / maxRequests, bytes / maxBytes);
    if (isFull ? level > 1 - FREE_AGAIN : level < 1) return;
    isFull = !isFull;
    onChange();
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
    roomFor(more, moreBytes) {
      if (bytes + moreBytes > maxBytes && bytes > 0) return 0;
      return Math.max(0, Math.min(more, maxRequests - requests));
    },
    enter(more, moreBytes) {
      requests += more;
      bytes += moreBytes;
      if (requests >= maxRequests || bytes >= maxBytes) check();
    },
    leave(less, lessBytes) {
      requests -= less;
      bytes -= lessBytes;
      if (isFull) check();
    },
    busy(frames) {
      refused += frames;
      const retryAfterMs = Math.round(Math.min(MAX_RETRY_MS, Math.max(MIN_RETRY_MS, expectedMs(requests))));
      const message = `the agent is busy with ${requests} requests of ${bytes} bytes`;
      return toPlain(
        new LaunchpoolError('ERR_LAUNCHPOOL_BUSY', message, {
          data: { retryAfterMs },
          hint: `Retry after ${retryAfterMs} ms; --max-requests and --max-bytes set the limits.`,
        }),
      );
    },
  };
}
