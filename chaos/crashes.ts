/** Finds the exits of agent processes that have no reason. */
import type { HeldAgent } from './agents.ts';

/**
 * A process may exit with status 0, or by a signal that the suite sent to it. Every other exit is a fault: no handler of
 * the suite's agents ends the process, and a lack of descriptors may break connections and threads, but not the agent.
 * @param allowed a further exit, such as that of an agent whose module is broken at times.
 */
export function crashFaults({ name, processes }: Pick<HeldAgent, 'name' | 'processes'>, allowed?: string): string[] {
  return processes.flatMap(({ crash, signals }, index) => {
    if (crash === undefined || crash === allowed || signals.some((signal) => crash === `signal ${signal}`)) return [];
    return [`${name}: process ${index + 1} ended by ${crash}; signals sent to it: ${signals.join(', ') || 'none'}`];
  });
}

/** The number of exits by their cause, without exits with status 0. */
export function countCrashes({ processes }: Pick<HeldAgent, 'processes'>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { crash } of processes) if (crash !== undefined) counts[crash] = (counts[crash] ?? 0) + 1;
  return counts;
}
