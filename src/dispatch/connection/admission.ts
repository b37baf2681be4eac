/** How much all connections together may have read without an answer, so that memory has a bound. Knows no connection. */
import { LaunchpoolError, type PlainError, toPlain } from '../../../wire/errors.ts';

/** Once full, it is full until so much of it is free again: going to and fro between the two costs a look at everybody. */
const FREE_AGAIN = 0.25;
/** How long a client that is told to come again later shall wait, in milliseconds. */
const MIN_RETRY_MS = 20;
const MAX_RETRY_MS = 5_000;

export type AdmissionOptions = {
  /** The most requests that have been read and have no outcome. */
  maxRequests: number;
  /** The most bytes of these. */
  maxBytes: number;
  /** How long threads are likely to take for so many requests, in milliseconds. */
  expectedMs: (requests: number) => number;
  /** Called when it has become full, or is no longer. */
  onChange: () => void;
};

export type Admission = {
  readonly requests: number;
  readonly bytes: number;
  /** Whether nothing more should be read from anybody. */
  readonly isFull: boolean;
  /** How many requests, of so many bytes in all, there is room for. */
  roomFor(requests: number, bytes: number): number;
  enter(requests: number, bytes: number): void;
  leave(requests: number, bytes: number): void;
  /** What is answered to requests that there is no room for. @param frames how many are told so. */
  busy(frames: number): PlainError;
  /** How many have been told so. */
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
      const message = `the agent has ${requests} requests to answer, of ${bytes} bytes, and takes no more`;
      return toPlain(
        new LaunchpoolError('ERR_LAUNCHPOOL_BUSY', message, {
          data: { retryAfterMs },
          hint: `Ask again in ${retryAfterMs} ms; --max-requests and --max-bytes say how many there may be.`,
        }),
      );
    },
  };
}
