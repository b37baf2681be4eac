/** The memory limit of a thread. In a file of its own, because the first thread starts before the rest is loaded. */
import type { ResourceLimits } from 'node:worker_threads';

/** @param mb maximum of JavaScript heap, in MiB; 0 or NaN leaves the limit to Node. */
export function limitsOf(mb: number): ResourceLimits | undefined {
  return mb > 0 ? { maxOldGenerationSizeMb: mb } : undefined;
}
