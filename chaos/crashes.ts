/** Which ends of an agent's processes have no reason. */
import type { HeldAgent } from './agents.ts';

/**
 * A process leaves with status 0, or ends by a signal that was sent to it: each is sent to one process, which ends once,
 * so there are no more ends by a signal than signals. Anything else is a crash, and nothing that the suite does is a
 * reason for one: no handler of its agents ends the process, and where descriptors run out, connections and threads may
 * come to grief, but not the agent.
 */
export function crashFaults({ name, lives }: Pick<HeldAgent, 'name' | 'lives'>): string[] {
  return lives.flatMap(({ crash, sent }, index) => {
    if (crash === undefined || sent.some((signal) => crash === `signal ${signal}`)) return [];
    return [`${name}: process ${index + 1} has ended by ${crash}, and was sent ${sent.join(', ') || 'nothing'}`];
  });
}

/** How often processes have ended by what, other than by leaving. */
export function countCrashes({ lives }: Pick<HeldAgent, 'lives'>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { crash } of lives) if (crash !== undefined) counts[crash] = (counts[crash] ?? 0) + 1;
  return counts;
}
