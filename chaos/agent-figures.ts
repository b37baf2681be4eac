/** Measures an agent that has no other clients: the latency of calls, and the resources of its process. */
import { connectRpc } from '../src/client/rpc.ts';
import type { HeldAgent } from './agents.ts';
import { mebibytes, readProcess } from './process-figures.ts';

export type AgentFigures = { p50Ms: number; p99Ms: number; rssMiB: number | null; descriptors: number | null };

const WARM_UP_CALLS = 500;
const CALLS = 1_000;
const TIMEOUT_MS = 60_000;

export async function measureAgent(held: HeldAgent): Promise<AgentFigures> {
  const client = await connectRpc(held.socketPath, { activationMs: 30_000 });
  const times: number[] = [];
  for (let index = 0; index < WARM_UP_CALLS + CALLS; index += 1) {
    const startedAt = performance.now();
    const answer = await client.call('sync', [index], { timeoutMs: TIMEOUT_MS });
    if (answer !== index) throw new Error(`${held.name}: ${index} is answered with ${answer}`);
    if (index >= WARM_UP_CALLS) times.push(performance.now() - startedAt);
  }
  client.close();
  times.sort((one, other) => one - other);
  const quantile = (share: number): number => Math.round((times[Math.floor(CALLS * share)] ?? 0) * 1000) / 1000;
  const figures = readProcess(held.pid);
  return {
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
    rssMiB: figures === undefined ? null : mebibytes(figures.rssBytes),
    descriptors: figures?.descriptors ?? null,
  };
}

/** Above the influence of other processes on the machine, and below the effect of a defect. */
export const BOUNDS = {
  p50Factor: 5,
  p50MoreMs: 5,
  p99Factor: 10,
  p99MoreMs: 50,
  rssMoreMiB: 128,
  descriptorsMore: 16,
};

/** @returns the figures that exceed their bounds: resources as faults, latencies as slow. */
export function compareFigures(before: AgentFigures, after: AgentFigures): { faults: string[]; slow: string[] } {
  const exceeds = (name: keyof AgentFigures, max: number): string[] => {
    const value = after[name];
    return value !== null && value > max
      ? [`${name} after the load is ${value}, was ${before[name]}: over ${max}`]
      : [];
  };
  return {
    faults: [
      ...exceeds('rssMiB', (before.rssMiB ?? 0) + BOUNDS.rssMoreMiB),
      ...exceeds('descriptors', (before.descriptors ?? 0) + BOUNDS.descriptorsMore),
    ],
    slow: [
      ...exceeds('p50Ms', before.p50Ms * BOUNDS.p50Factor + BOUNDS.p50MoreMs),
      ...exceeds('p99Ms', before.p99Ms * BOUNDS.p99Factor + BOUNDS.p99MoreMs),
    ],
  };
}
