/**
 * How many requests of one connection may be open, so that its replies have bounded memory: by the expected length of its
 * replies. Each connection has an expectation of its own, since one client's replies tell nothing about another's.
 */

/** The bytes that the replies of one connection are expected to have. */
const REPLY_BYTES = 4 * 1024 * 1024;
const MAX_REQUESTS = 4096;
/** The expected length before the first reply. */
export const UNKNOWN_REPLY_BYTES: number = 64 * 1024;
/** The weight of a longer reply against all earlier ones: memory is at stake. */
const LONGER_WEIGHT = 0.5;
/** The weight of each shorter one. */
const SHORTER_WEIGHT = 0.1;

/**
 * The expected length of a reply after these ones.
 * @param expected the expected length before.
 */
export function expectAfter(expected: number, frames: number, bytes: number): number {
  const mean = bytes / frames;
  const weight = mean > expected ? LONGER_WEIGHT : Math.min(LONGER_WEIGHT, SHORTER_WEIGHT * frames);
  // A small integer takes no memory of its own in each of thousands of connections.
  return Math.min(0x3fff_ffff, Math.ceil(expected + (mean - expected) * weight));
}

/**
 * The highest number of open requests of one connection.
 * @param expected the expected length of its replies.
 * @param minRequests the smallest window, however long replies are.
 */
export function windowOf(expected: number, minRequests: number): number {
  return Math.max(minRequests, Math.min(MAX_REQUESTS, Math.floor(REPLY_BYTES / Math.max(1, expected))));
}
