/** What a thread may have of memory. By itself, since the first thread is started before anything else is loaded. */
import type { ResourceLimits } from 'node:worker_threads';

/** @param mb of JavaScript heap, in MiB; 0, or what is no number, leaves it to Node. */
export function limitsOf(mb: number): ResourceLimits | undefined {
  return mb > 0 ? { maxOldGenerationSizeMb: mb } : undefined;
}
