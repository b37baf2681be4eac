/** The formula of docs/reliability.md for the memory of an agent. */

const MIB = 2 ** 20;

/**
 * The overhead, for the process and for each thread: the slots, garbage that V8 has not collected, memory that the
 * allocator keeps, and what is copied from one place to another.
 */
export const OVERHEAD_MIB = 96;
export const THREAD_OVERHEAD_MIB = 16;
/** The share of `maxBytes` beside a frame of the maximum length: half for other frames, a quarter for requests and replies. */
const SHARE_BESIDE_A_FRAME = 0.75;

export type MemoryLimits = { maxBytes: number; maxFrame: number; maxReply: number; threads: number };

/** The highest memory of the process above that of the idle one, in MiB, without that of handlers. */
export function boundMiB({ maxBytes, maxFrame, maxReply, threads }: MemoryLimits): number {
  const counted = Math.max(maxBytes, SHARE_BESIDE_A_FRAME * maxBytes + maxFrame);
  return (counted + threads * maxReply) / MIB + OVERHEAD_MIB + threads * THREAD_OVERHEAD_MIB;
}
