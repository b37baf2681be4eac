/**
 * How many requests of one connection may be open, so that its replies have bounded memory: by the expected length of its
 * replies. Each connection has an expectation of its own, since one client's replies tell nothing about another's.
 */

/** The bytes that the replies of one connection are expected to have. */
const REPLY_BYTES = 4 * 1024 * 1024;
const MAX_REQUESTS = 4096;
/** The smallest window, however long replies are: enough to keep all threads busy, of which each takes two tasks. */
const MIN_REQUESTS = 4;
const REQUESTS_PER_THREAD = 2;
/** The expected length before the first reply. */
export const UNKNOWN_REPLY_BYTES: number = 64 * 1024;
/** The weight of a longer reply against all earlier ones: memory is at stake. */
const LONGER_WEIGHT = 0.5;
/** The weight of each shorter one. */
const SHORTER_WEIGHT = 0.1;

/** Replies that are expected to be shorter than this take no room of a slot into account: batches of them stay large. */
const LONG_REPLY_BYTES = 4 * 1024;

/**
 * The bytes that a reply is expected to take of a slot; 0 if it is short. Before the first reply it counts as short: most
 * replies are, and one that does not fit into the slot is sent later.
 */
export function slotBytesOf(expected: number): number {
  return expected < LONG_REPLY_BYTES || expected === UNKNOWN_REPLY_BYTES ? 0 : expected;
}

/**
 * The expected length of a reply after these ones.
 * @param expected the expected length before.
 */
export function expectAfter(expected: number, frames: number, bytes: number): number {
  const mean = bytes / frames;
  // The first replies say more than the assumption before them.
  if (expected === UNKNOWN_REPLY_BYTES) return Math.min(0x3fff_ffff, Math.ceil(mean));
  const weight = mean > expected ? LONGER_WEIGHT : Math.min(LONGER_WEIGHT, SHORTER_WEIGHT * frames);
  // A small integer takes no memory of its own in each of thousands of connections.
  return Math.min(0x3fff_ffff, Math.ceil(expected + (mean - expected) * weight));
}

/**
 * The highest number of open requests of one connection.
 * @param expected the expected length of its replies.
 * @param threads the maximum of threads.
 */
export function windowOf(expected: number, threads: number): number {
  const requests = Math.min(MAX_REQUESTS, Math.floor(REPLY_BYTES / Math.max(1, expected)));
  return Math.max(MIN_REQUESTS, REQUESTS_PER_THREAD * threads, requests);
}
