/** What an agent that nobody else asks is like: how long calls take, and what its process takes. */
import { connectRpc } from '../src/client/rpc.ts';
import type { HeldAgent } from './agents.ts';
import { mebibytes, readProcess } from './process-figures.ts';

export type Warm = { p50Ms: number; p99Ms: number; rssMiB: number | null; descriptors: number | null };

const WARM_UP_CALLS = 500;
const CALLS = 1_000;
const TIMEOUT_MS = 60_000;

export async function measureWarm(held: HeldAgent): Promise<Warm> {
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
  const at = (share: number): number => Math.round((times[Math.floor(CALLS * share)] ?? 0) * 1000) / 1000;
  const figures = readProcess(held.pid);
  return {
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    rssMiB: figures === undefined ? null : mebibytes(figures.rssBytes),
    descriptors: figures?.descriptors ?? null,
  };
}

/** Generous: what is wrong makes a difference that no other process on the machine does. */
export const BOUNDS = {
  p50Factor: 5,
  p50MoreMs: 5,
  p99Factor: 10,
  p99MoreMs: 50,
  rssMoreMiB: 128,
  descriptorsMore: 16,
};

/** @returns what is worse than before: what it takes, and how long. */
export function compareWarm(before: Warm, after: Warm): { faults: string[]; slow: string[] } {
  const worse = (name: keyof Warm, max: number): string[] => {
    const value = after[name];
    return value !== null && value > max ? [`afterwards ${name} is ${value}, was ${before[name]}: over ${max}`] : [];
  };
  return {
    faults: [
      ...worse('rssMiB', (before.rssMiB ?? 0) + BOUNDS.rssMoreMiB),
      ...worse('descriptors', (before.descriptors ?? 0) + BOUNDS.descriptorsMore),
    ],
    slow: [
      ...worse('p50Ms', before.p50Ms * BOUNDS.p50Factor + BOUNDS.p50MoreMs),
      ...worse('p99Ms', before.p99Ms * BOUNDS.p99Factor + BOUNDS.p99MoreMs),
    ],
  };
}
